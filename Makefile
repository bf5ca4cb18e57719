# Everything happens in .venv, which `make setup` creates. `make help` lists the targets.

PYTHON ?= python3
# Which Open3D and what else: cpu or gpu (pyproject.toml explains), the ROS 2 wheels, the path tracer, the tools.
EXTRAS ?= cpu,ros,pathtrace,dev
OUT ?= out

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALLED := $(VENV)/.installed
WARMED := $(VENV)/.warmed
BUILD_INPUTS := pyproject.toml constraints.txt setup.py package.xml CMakeLists.txt \
  $(wildcard cmake/* msg/*.msg srv/*.srv action/*.action third_party/tf2_msgs/* third_party/tf2_msgs/msg/*)
KERNELS := $(wildcard nesf_ros/field/kernels.py nesf_ros/field/marching.py \
  nesf_ros/voxels/kernels.py nesf_ros/voxels/fusing.py nesf_ros/voxels/raycast.py \
  nesf_ros/synthetic/patterns.py nesf_ros/synthetic/renderers/looks.py \
  nesf_ros/synthetic/renderers/shading.py)
WARM := $(BIN)/python -W ignore::RuntimeWarning:runpy -m

# .venv stands on its own: a sourced ROS 2 install, or another environment's wheels, must not mix
# with the libraries in it.
ifneq ($(AMENT_PREFIX_PATH)$(_ROS_WHEELS_BOOTSTRAP_COMPLETE),)
unexport LD_LIBRARY_PATH
endif
unexport PYTHONPATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH _ROS_WHEELS_BOOTSTRAP_COMPLETE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup system warm check lint types test format demo clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: system $(INSTALLED) $(WARMED)  ## make .venv: dependencies, interfaces, kernels

system:
	@$(PYTHON) nesf_ros/cli/system.py

$(BIN)/python: | system
	$(PYTHON) -m venv $(VENV)

# The build requirements go in first: with them in place the interfaces are compiled by the tools
# of .venv in some 20 s, where pip's isolated build would download them all again.
$(INSTALLED): $(BUILD_INPUTS) | $(BIN)/python
	@echo "Installing dependencies into $(VENV) (3.2 GB, a few minutes the first time)"
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $(VENV)/build-requirements.txt
	@$(PIP) install -qq -c constraints.txt -r $(VENV)/build-requirements.txt
	@echo "Compiling the ROS 2 interfaces"
	@$(PIP) install -qq -c constraints.txt --no-build-isolation --editable '.[$(EXTRAS)]'
	@$(PIP) check
	@touch $@

# Kernels are compiled once per machine, here rather than while a robot waits.
$(WARMED): $(INSTALLED) $(KERNELS)
	@$(MAKE) --no-print-directory warm
	@touch $@

warm:
	@$(if $(KERNELS),$(WARM) nesf_ros.voxels.kernels,true)
	@$(if $(KERNELS),$(WARM) nesf_ros.field.kernels,true)
	@$(if $(KERNELS),$(WARM) nesf_ros.synthetic.renderers.shading,true)

check: setup lint types test  ## lint, types and all tests: the gate

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

test:
	$(BIN)/python -m pytest -q

format: setup  ## rewrite the sources in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: setup  ## a robot stream, the perception node, its services; pictures in out/
	$(BIN)/nesf-ros demo --out $(OUT)

clean:  ## remove .venv and all that was generated
	rm -rf $(VENV) build install log nesf_ros.egg-info nesf_ros/msg nesf_ros/srv nesf_ros/action
	rm -f nesf_ros/nesf_ros_s__*.so
