"""What `stablediff add --pretrain` puts into a config, and that spaCy pretrains with it."""

import pytest
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.util import load_config, load_config_from_str

from ..configs import PARTIAL, SHARED, WORD_GRAPH, read, write_config, write_owners, write_sourced

DEFAULTS = load_config(DEFAULT_CONFIG_PRETRAIN_PATH)
PRETRAIN = "spacy-stablediff.Pretrain.v1"
OBJECTIVE = {"@architectures": PRETRAIN, "objective": DEFAULTS["pretraining"]["objective"]}


def check_pretraining(config, component="tok2vec", layer=""):
    expected = {**DEFAULTS["pretraining"], "component": component, "layer": layer}
    assert config["pretraining"] == {**expected, "objective": OBJECTIVE}
    assert config["corpora"]["pretrain"] == {**DEFAULTS["corpora"]["pretrain"], "path": None}
    paths = config["paths"]
    assert paths["raw_text"] is None and paths["init_tok2vec"] is None


@pytest.mark.parametrize("pretraining", [False, True], ids=["without", "with pretraining"])
def test_adds_what_init_config_leaves_out(pretraining, add):
    code, printed, output = add(write_config(["ner"], pretraining=pretraining), "--pretrain")
    assert code == 0 and "learns the embedding of 'tok2vec'" in printed
    assert "spacy pretrain" in printed and "--paths.init_tok2vec" in printed
    check_pretraining(read(output))
    text = output.read_text(encoding="utf8")
    assert "init_tok2vec = ${paths.init_tok2vec}" in text and "path = ${paths.raw_text}" in text
    assert read(output)["components"]["tok2vec"]["model"]["@architectures"] == WORD_GRAPH


@pytest.mark.parametrize(
    "text, component, layer",
    [(SHARED, "tok2vec", ""), (PARTIAL, "ner", "tok2vec")],
    ids=["shared", "own"],
)
def test_partial_configs_and_their_comments_stay(text, component, layer, add):
    code, printed, output = add(text, "--pretrain")
    assert code == 0 and "comments were lost" not in printed
    check_pretraining(read(output), component, layer)
    assert load_config(output)["initialize"]["init_tok2vec"] == "${paths.init_tok2vec}"


def test_settings_that_are_there_stay(add):
    settings = (
        'max_epochs = 3\n\n[pretraining.objective]\n@architectures = "spacy.PretrainVectors.v1"\n'
    )
    own = 'maxout_pieces = 2\nhidden_size = 8\nloss = "L2"\n'
    _, _, output = add(f"{SHARED}\n[pretraining]\n{settings}{own}", "--pretrain")
    pretraining = read(output)["pretraining"]
    assert pretraining["max_epochs"] == 3 and pretraining["n_save_epoch"] is None
    vectors = {"@architectures": "spacy.PretrainVectors.v1", "maxout_pieces": 2}
    assert pretraining["objective"]["objective"] == {**vectors, "hidden_size": 8, "loss": "L2"}


def test_an_objective_that_is_there_is_wrapped_without_being_asked_for(add):
    _, printed, output = add(write_config(["ner"], pretraining=True))
    assert "Wrapped the objective of pretraining" in printed
    check_pretraining(read(output))
    _, printed, output = add(write_config(["ner"]))
    assert "pretrain" not in printed and not read(output)["pretraining"]


def test_one_embedding_is_pretrained_and_the_others_are_named(add):
    code, printed, output = add(write_owners(["textcat", "ner"]), "--pretrain")
    assert code == 0 and "[SDW14] [pretraining] names one embedding, that of 'textcat'" in printed
    assert 'Others: ner (layer "tok2vec").' in printed
    check_pretraining(read(output), "textcat", "tok2vec")
    _, printed, output = add(write_owners(["textcat", "ner"]), "--pretrain", "--pipes", "ner")
    assert "SDW14" not in printed
    check_pretraining(read(output), "ner", "tok2vec")


def test_the_embedding_that_is_named_is_pretrained(add):
    named = f'{write_owners(["textcat", "ner"])}\n[pretraining]\ncomponent = "ner"\n'
    _, printed, output = add(named.replace("[pretraining]\n\n", ""), "--pretrain")
    assert "Others: textcat" in printed
    check_pretraining(read(output), "ner", "tok2vec")


def test_refuses_what_is_trained_already(source, add):
    code, printed, _ = add(write_sourced(source), "--pretrain")
    assert code == 1 and "[SD075]" in printed and "tagger, ner" in printed
    config = load_config_from_str(write_owners(["ner"]))
    listener = {"@architectures": "spacy-transformers.TransformerListener.v1", "grad_factor": 1.0}
    config["components"]["ner"]["model"]["tok2vec"] = listener
    code, printed, _ = add(config.to_str(interpolate=False), "--pretrain")
    assert code == 1 and "[SD075]" in printed


def test_refuses_weights_that_are_there(add):
    code, printed, output = add(f'{SHARED}\n[initialize]\ninit_tok2vec = "a.bin"\n', "--pretrain")
    assert code == 1 and "[SD076]" in printed and "'a.bin'" in printed and not output.exists()


def test_embeddings_that_count_no_words_are_pretrained_too(add):
    _, _, output = add(write_config(["ner"]), "--pretrain", "--stability", "0")
    assert WORD_GRAPH not in output.read_text(encoding="utf8")
    check_pretraining(read(output))
