import yaml

from nesf_ros import cli
from nesf_ros.cli.config import parameter_file
from nesf_ros.config import NesfConfig
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.settings import walk


def flat(tree, prefix=""):
    out = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            out |= flat(value, f"{prefix}{name}.")
        else:
            out[prefix + name] = value
    return out


def test_the_shipped_file_is_what_the_command_prints(root, capsys):
    assert cli.main(["config"]) == 0
    assert (root / "config/perception.yaml").read_text() == capsys.readouterr().out, (
        "run `nesf-ros config > config/perception.yaml`"
    )


def test_it_holds_every_default_for_a_node_of_any_name():
    (name, node), *rest = yaml.safe_load(parameter_file()).items()
    assert (name, rest) == ("/**", [])
    settings = [*walk(NodeConfig()), *walk(NesfConfig())]
    expected = {
        name: list(value) if isinstance(value, tuple) else value for name, _, value in settings
    }
    empty = [name for name, value in expected.items() if value == []]
    for name in empty:  # rcl refuses empty lists: they are there as comments
        assert f"# {name}: []" in parameter_file()
        del expected[name]
    assert flat(node["ros__parameters"]) == expected


def test_every_setting_has_its_meaning_range_and_liveness_above_it():
    lines = parameter_file().splitlines()
    above = lines[lines.index("      rate_hz: 2.0") - 1].strip()
    assert above == "# map updates per second [0.05 … 30] [live]"
    above = lines[lines.index('    mask_camera: "color"') - 1].strip()
    assert above == "# whose pixels the masks are in (color | depth)"


def test_lines_are_no_longer_than_a_screen_is_wide():
    assert max(map(len, parameter_file().splitlines())) <= 100
