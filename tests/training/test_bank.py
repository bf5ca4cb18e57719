import torch

from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.splits import HELD_OUT_VISION, SYNONYMS
from nesf_ros.training.bank import (
    KNOWN,
    TextBank,
    class_texts,
    color_texts,
    make_bank,
    material_texts,
    pair_texts,
)
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, NAMES, SURROUNDINGS


def all_texts(name):
    return (
        *class_texts(name),
        *(t for word in COLOR_NAMES for t in pair_texts(name, (word,))),
        *(t for word in MATERIALS for t in pair_texts(name, (word,))),
    )


def test_held_out_classes_and_synonyms_have_no_phrase():
    assert not {*KNOWN} & {*HELD_OUT_VISION}
    assert {*KNOWN} | {*HELD_OUT_VISION} == {*NAMES}
    words = [f" {text} " for name in KNOWN for text in all_texts(name)]
    for synonym in SYNONYMS.values():
        assert not [text for text in words if f" {synonym} " in text], synonym


def test_every_class_of_the_catalogue_has_a_number_of_one_byte():
    assert {*CLASSES} | {*SURROUNDINGS} == {*NAMES}
    assert len(set(NAMES)) == len(NAMES) < 255


def test_class_texts_begin_with_the_bare_name_and_have_articles():
    texts = class_texts("apple")
    assert texts[:3] == ("apple", "an apple", "a photo of an apple")
    assert "a photo of scissors" in class_texts("scissors")
    for alias in CLASSES["mug"].aliases:
        assert f"a {alias}" in class_texts("mug")


def test_pairs_are_the_same_every_time_and_begin_plainly():
    texts = pair_texts("mug", ("red",))
    assert texts == pair_texts("mug", ("red",))
    assert texts[0] == "a red mug"
    assert all("red" in text for text in texts)


def test_colors_and_materials_alone_use_all_their_words():
    assert {"gray", "grey", "a gray thing"} <= {*color_texts("grey")}
    assert {"wooden", "something wooden"} <= {*material_texts("wood")}


def hashed(texts):
    """A stand-in for a text tower: a vector per text, of unit length."""
    rows = [torch.randn(8, generator=torch.Generator().manual_seed(hash(t) % 2**31)) for t in texts]
    return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def test_bank_holds_each_phrase_where_its_number_says(tmp_path):
    asked = []

    def embed(texts):
        asked.extend(texts)
        return hashed(texts)

    bank = make_bank(embed, ("mug", "apple", "scissors"))
    assert len(asked) == len(set(asked)) + sum(asked.count(t) - 1 for t in set(asked))
    assert torch.equal(bank.names[1, 0], hashed(["apple"])[0])
    red_apple = 1 * len(COLOR_NAMES) + COLOR_NAMES.index("red")
    assert torch.equal(bank.color_names[red_apple, 0], hashed(["a red apple"])[0])
    paper_mug = MATERIALS.index("paper")
    assert torch.equal(bank.material_names[paper_mug, 0], hashed(["a paper mug"])[0])
    assert torch.equal(bank.materials[MATERIALS.index("wood"), 0], hashed(["wooden"])[0])
    bank.save(tmp_path / "bank.safetensors")
    again = TextBank.load(tmp_path / "bank.safetensors")
    assert torch.equal(again.color_names, bank.color_names)
