"""Every message a user can meet, numbered as spaCy numbers its own (SD for stablediff)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spacy.errors import ErrorsWithCodes


# fmt: off
class Warnings(metaclass=ErrorsWithCodes):
    """Texts of warnings, retrieved with their code in front."""

    SDW01 = ("{layer}: time = 0 leaves every vector as it is, and a time of 0 can't be learned. To diffuse, set "
             "'time' to a positive number, for example 0.5.")
    SDW02 = ("Component '{name}' has no effect on later components: none after it reads the vectors that it writes to "
             "doc.tensor. Add it before components with a spacy.Tok2VecListener.v1. If those were tuned, they embed by copies of "
             "it: then leave it out, nlp.remove_pipe(\"{name}\"). If code of yours reads doc.tensor, all is well.")
    SDW03 = ("Component '{name}': in training, '{listener}' after it got vectors that '{name}' had not diffused, but in "
             "prediction it reads diffused ones. Update '{name}' together with the embedding: take it out of "
             "[training.frozen_components] (to keep it as it is, set learn_time = false and learn_confidence = "
             "false), and train after adding it.")
    SDW04 = ("Component '{name}' has no effect on later components: none after it reads the vectors that it writes to "
             "doc.tensor. These embed for themselves or listen to a transformer: {owners}. Diffuse their own vectors "
             "with spacy_stablediff.attach(nlp, \"{first}\"), or from a config with spacy-stablediff.attach.v1 or "
             "spacy-stablediff.DiffusedTok2Vec.v1; or let them listen to the embedding that '{name}' follows, with a "
             "spacy.Tok2VecListener.v1 as tok2vec of their model.")
    SDW05 = ("Callback '{callback}': the pipeline has no component '{name}', so nothing is wrapped in "
             "it. If it was excluded or removed, all is well; otherwise correct the callback's setting 'pipes'. "
             "Components: {opts}.")
    SDW06 = ("Component '{name}' has no effect. It trains no vectors, for 'weight' is 0, or 'pipes' doesn't name what embeds them; "
             "and no scores, for 'consistency' and 'supervision' are 0, or no text or span classifier that it may train listens "
             "behind it or embeds for itself. Set 'weight' above 0, name the embedding, such as 'tok2vec', in 'pipes', or set "
             "'consistency' where there is such a classifier.")
    SDW07 = ("spacy-stablediff.WordGraphTok2Vec.v1 knows no word, because none was seen {min_count} times in the different texts "
             "that it was trained on, so that all words are embedded as unknown. Train it on more texts, or lower its 'min_count'.")
    SDW08 = ("Component '{name}': from now on it diffuses the vectors of {readers}, which never saw diffused ones, so that they "
             "will predict worse. Train them further with '{name}' in place; or give it a layer that changes nothing before "
             "it is trained: spacy-stablediff.MultiscaleDiffusion.v1.")
    SDW09 = ("Component '{name}': it is trained, and {layer} changes its vectors from now on, so that it will predict worse. "
             "Train it further with the diffusion in place, or begin with a short time, such as 0.05; the default "
             "diffusion of attach, spacy-stablediff.MultiscaleDiffusion.v1, changes nothing before it is trained.")
    SDW10 = ("Component '{name}': its setting 'pipes' names {pipes}, which [training.frozen_components] keeps as it is, so that "
             "its vectors are not made steady. Take it off one of the two lists.")
    SDW11 = ("Component '{name}': no component listens to it any more, for those that were tuned embed by copies of it. It "
             "still runs, and takes its time. Where nothing else reads doc._.trf_data, leave it out: "
             "nlp.remove_pipe(\"{name}\"), or spacy.load(..., exclude=[\"{name}\"]).")
    SDW13 = ("spacy-stablediff.WordGraphTok2Vec.v1 is being pretrained on masked copies of texts, and counts none of their "
             "words. To have those of the texts counted, put spacy-stablediff.Pretrain.v1 around the objective in "
             "[pretraining.objective], as `python -m spacy stablediff add --pretrain` does.")
    SDW14 = ("[pretraining] names one embedding, that of '{name}'. To pretrain another one, change 'component' and 'layer' "
             "there. Others: {opts}.")
    SDW15 = ("Component '{name}': its scorer doesn't run, because the pipeline that it belongs to isn't known: it was sourced. "
             "Call nlp.initialize() before; or save the pipeline, load it with spacy.load() and evaluate that.")
    SDW16 = ("Component '{name}': {readers} after it annotates the texts of training, but '{name}' does not, so that it annotates "
             "from vectors that aren't diffused, unlike in prediction. List '{name}' in [training.annotating_components] as well, "
             "and the embedding that it follows.")
    SDW17 = ("Component '{name}': the documents are of another vocab than its pipeline's. If it was sourced by nlp.add_pipe, it "
             "trains the pipeline that it came from, and not this one: call nlp.initialize(), or save the pipeline and load it "
             "with spacy.load(). If they are just of another vocab, all is well.")
    SDW18 = ("Component '{name}': it was copied, and copies have no schedule of its setting 'weight', which stays at {weight}. "
             "Save the pipeline and load it with spacy.load(), to train with the schedule from its start.")
    SDW19 = ("Component '{name}': its setting 'pipes' names {pipes}, which is no component of the pipeline any more, so that it "
             "is not trained for stability. If it was renamed, put its new name into the list.")
    SDW50 = ("{names}: listed in [training.frozen_components], but trained without diffusion. The vectors change, the "
             "weights don't, so expect other predictions; better train these components with the diffusion in place.")
    SDW51 = ("{count} lines of comments were lost: the layout of the config is unusual, so that only its content could "
             "be kept.")
    SDW52 = ("{names}: sourced, so trained without diffusion, and the layer that --layer or --time asks for changes their "
             "vectors at once. Train them with it, or leave the option out: the default layer starts as the identity.")
    SDW53 = ("[training.optimizer] averages weights, but a part of the pipeline is a PyTorch model, whose averages are never "
             "put in place: the others are saved as averages that don't fit it. Set use_averages = false there.")
    SDW54 = ("{names}: listed in [training.frozen_components], so the diffusion in its own embedding never learns, and "
             "stays the identity that it starts as. Train it, or leave it out of --pipes.")


class Errors(metaclass=ErrorsWithCodes):
    """Texts of errors, retrieved with their code in front."""

    SD001 = ("{layer}: the setting 'time' must be a finite number of at least 0, but it is {value!r}. Useful values "
             "lie between 0.1 and 5.")
    SD002 = ("{layer}: the setting 'radius' must be a whole number of at least 1, but it is {value!r}. 1 joins each "
             "token to its direct neighbours, 2 (the default) also to the ones after those.")
    SD003 = ("Component '{name}': its setting 'upstream' names '{upstream}', but the pipeline has no such component. "
             "Set 'upstream' to the component that writes doc.tensor. Components: {opts}.")
    SD004 = ("Component '{name}': its setting 'upstream' names '{upstream}', which doesn't come before it, so there "
             "would be no vectors to diffuse. Add '{name}' after '{upstream}', for example with "
             "nlp.add_pipe(\"stablediff\", after=\"{upstream}\"). Components: {opts}.")
    SD005 = ("Component '{name}': doc.tensor is empty for a document of {length} tokens, so no embedding component "
             "ran before it. Put one that writes doc.tensor, such as 'tok2vec', before '{name}', and name it in the "
             "setting 'upstream' (now '{upstream}'). Transformers keep their vectors elsewhere: diffuse what listens to "
             "them with spacy_stablediff.attach. Where nothing that runs reads vectors, leave '{name}' out as well. In training, a frozen embedding must be listed in "
             "[training.annotating_components].")
    SD006 = ("Component '{name}': doc.tensor has shape {shape}, but the document has {length} tokens; a row for each "
             "token is needed. Run the embedding component '{upstream}' (the setting 'upstream') after the last "
             "component that changes the tokenization.")
    SD007 = ("{owner}: it learned to diffuse vectors of width {expected}, but was given width {width}. Use the "
             "embedding it was trained with (the setting 'upstream' of a 'stablediff' component), or put a new one in "
             "its place, with nlp.replace_pipe() or detach() and attach(), and train that.")
    SD008 = ("{owner}: the documents of one batch have vectors of different widths ({widths}). All must come from "
             "the same embedding (the setting 'upstream' of a 'stablediff' component).")
    SD009 = ("{owner}: the vectors of document {index} of the batch hold infinite or not-a-number values, which "
             "diffusion would spread over the document. Check the embedding (the setting 'upstream' of a "
             "'stablediff' component); in training, lower the learning rate or set 'grad_clip'.")
    SD010 = ("{owner}: what it learns depends on the width of the vectors, which isn't known. The embedding it "
             "follows (the setting 'upstream' of a 'stablediff' component) must be initialized first and have a "
             "model with an output dimension; or set 'learn_time' and 'learn_confidence' to false.")
    SD011 = ("Component '{name}': initialize() needs the pipeline, to look up other components. Call nlp.initialize(), or "
             "pass nlp=nlp.")
    SD012 = ("The setting 'boundaries' must be \"doc\" or \"sentence\", but it is {value!r}.")
    SD013 = ("{owner}: the setting boundaries = \"sentence\" needs sentence boundaries, but a document of {length} "
             "tokens has none. Put a component that sets them before it ('sentencizer', 'senter' or 'parser'), and in "
             "training list that one in [training.annotating_components]; or set boundaries = \"doc\".")
    SD014 = ("Component '{name}': the setting source = \"vectors\" needs static vectors, but the vocab has none. Load "
             "vectors ([initialize] vectors, or `python -m spacy init vectors`), or set source = \"tensor\" to "
             "diffuse what the component '{upstream}' writes to doc.tensor.")
    SD015 = ("Component '{name}': it diffuses vectors of width {width}, but the listener of component '{listener}' "
             "after it expects width {expected}. Set 'width' of that listener (spacy.Tok2VecListener.v1) to {width}.")
    SD016 = ("Component '{name}' has no token-to-vector embedding of its own, so there is nothing to {action}. "
             "{hint}")
    SD017 = ("Component '{name}' listens to the shared embedding '{upstream}'. To diffuse its vectors, add the "
             "component 'stablediff' between the two: nlp.add_pipe(\"stablediff\", before=\"{name}\").")
    SD018 = ("Component '{name}' is diffused already, by {present}. To change that, call "
             "spacy_stablediff.detach(nlp, \"{name}\") first.")
    SD019 = ("Component '{name}': the embedding that its config describes at '{path}' isn't found in its model, so "
             "it can't be wrapped. Describe the model in the config, or build it with "
             "this package's architectures.")
    SD020 = ("Callback 'spacy-stablediff.attach.v1': the setting 'diffusion' must be one of this package's layers, so "
             "that it can be written to the config of each component, but it is '{layer}'. For layers of other "
             "packages, call spacy_stablediff.attach from Python.")
    SD021 = ("The listeners of a 'stablediff' component can't be replaced, because the pipeline that it belongs to isn't "
             "known: it was built by hand or taken over from another pipeline. Call nlp.initialize() before, or save "
             "the pipeline and load it with spacy.load().")
    SD022 = ("Component '{name}': its listeners can't be replaced, because with source = \"vectors\" there is no "
             "embedding to copy. Keep the component in the pipeline, or set source = \"tensor\".")
    SD023 = ("{layer}: the setting 'times' must list at least one time, each a finite number above 0, or null for an "
             "infinite time (the mean of the document), but it is {value!r}.")
    SD024 = ("{owner}: the setting '{setting}' must be a finite number of at least 0, but it is {value!r}. The weight of "
             "the loss on vectors is 0 to switch it off, 0.05 for a start, or in a config a schedule; its contrast is 30 by "
             "default. Consistency and supervision of scores are 0 to switch them off, 1 for a start.")
    SD025 = ("Component '{name}': there is nothing that it could train. No shared embedding such as 'tok2vec', and no "
             "'stablediff' of static vectors, comes before it, and no component after it embeds for itself or listens to a "
             "transformer before it. Put it after the former or before the latter, or name components that embed for "
             "themselves in its setting 'pipes'. Components: {opts}.")
    SD026 = ("Component '{name}': it needs to know its pipeline to edit texts in training. Call "
             "nlp.initialize(), or save the pipeline and load it with spacy.load(). In a training config don't source it, "
             "but describe it anew by its factory.")
    SD028 = ("A diffused vector of width {width} can't be compared with a vector of width {other}. Compare objects of "
             "documents that went through the same pipeline (its component 'stablediff' has hooks = true).")
    SD029 = ("{owner}: it diffuses arrays of token vectors, one for each document, but was given objects of the type "
             "{value}. Use it as the 'model' of a component 'stablediff', or as the 'diffusion' of "
             "spacy-stablediff.DiffusedTok2Vec.v1, which goes where spaCy takes a 'tok2vec'. (`spacy debug model` gives "
             "documents to every model: have it look at the component with the embedding instead.)")
    SD030 = "{owner}: the setting '{setting}' can't be {value!r}. It is {needs}."
    SD031 = ("spacy-stablediff.WordGraphTok2Vec.v1: the embedding '{name}' in its setting 'tok2vec' doesn't look up the "
             "NORM of tokens, so it has no words to know. Use one that does, such as spacy.HashEmbedCNN.v2, or a "
             "spacy.MultiHashEmbed.v2 with NORM among its 'attrs'; or leave the wrapper out.")
    SD033 = ("Component '{name}' has no embedding of its own, whose words it could know. Name a 'tok2vec' component that others "
             "listen to, or a component that embeds for itself.")
    SD034 = ("Component '{name}': its setting 'pipes' names '{pipe}', which it can't train: it is neither the shared embedding "
             "that '{name}' follows, nor a later component that listens to that or to a transformer, nor one that embeds for "
             "itself. Those are: {opts}. Set 'pipes' to \"*\" for all of them.")
    SD035 = ("The setting 'diffusion' must be the config of a diffusion layer, such as {{\"@architectures\": "
             "\"spacy-stablediff.HeatDiffusion.v1\", \"time\": 0.3}}, but it is {value!r}. Leave it out for the default.")
    SD036 = ("Component '{name}': its setting 'model' is the embedding '{model}', but it must be a diffusion layer, such as "
             "spacy-stablediff.ImplicitDiffusion.v1. An embedding is the 'model' of a component 'tok2vec' before it.")
    SD037 = ("Component '{name}': its setting 'upstream' names '{upstream}', which is no 'tok2vec', and writes no vectors to "
             "doc.tensor. Transformers keep theirs elsewhere: diffuse what listens to them with spacy_stablediff.attach, or "
             "with `python -m spacy stablediff add`.")
    SD038 = ("{owner}: it learned a matrix for each of {expected} scales, but its setting 'times' lists {count}. List as many, "
             "or initialize it again with nlp.initialize().")
    SD050 = "Can't find the config file '{path}': there is {found}."
    SD051 = "Can't read '{path}' as a config: {reason}"
    SD052 = ("'{path}' has diffusion already: see [{block}]. Change its settings there, or start from a config without "
             "it.")
    SD053 = ("There is nothing to diffuse in '{path}': of its components ({opts}), none listens to a shared tok2vec, no "
             "{factories} has one of its own, and no text classifier that will be trained counts words. {hint}")
    SD054 = "The option --pipes names '{name}', but the pipeline has no such component. Components: {opts}."
    SD055 = ("The option --pipes names '{name}', but that component neither listens to a shared embedding nor has one "
             "of its own, nor a bag of words that will be trained, so there is nothing to diffuse. Components that "
             "have: {opts}.")
    SD056 = ("Component '{name}' listens to the embedding '{upstream}', but no such component comes before it in "
             "[nlp] pipeline ({opts}). Correct that first.")
    SD057 = ("The option --pipes names '{name}' but not '{other}', which listens to the same embedding '{upstream}' and "
             "comes later. Every listener after the component 'stablediff' gets diffused vectors, so name '{other}' "
             "too, or move it before '{name}' in [nlp] pipeline.")
    SD058 = ("'{path}' can't be changed automatically, because it describes an embedding by a variable that other "
             "settings share, or within a line. Write that embedding as a block of its own where it is used, or add "
             "{architecture} by hand.")
    SD059 = ("'{path}' takes '{name}' from the component '{component}' of '{source}', which can't be found. Install "
             "that pipeline, or correct the settings 'source' and 'component'.")
    SD060 = ("'{path}' sources {names}, to which diffusion is attached by the callback spacy-stablediff.attach.v1 in "
             "[nlp.after_pipeline_creation], but another callback stands there. Move that one elsewhere, or call both "
             "from one of your own.")
    SD061 = "Can't write the config to '{path}': {reason}."
    SD062 = ("The option --time has no meaning for the layer 'multiscale', but it is {value}. Leave it out, and set the "
             "times of the layer in the config.")
    SD063 = ("There is nothing to diffuse in '{path}' by default: behind {names} stand frozen components that listen to the same "
             "frozen embedding, and would read diffused vectors, which they never learned to use. Put {names} behind them in "
             "[nlp] pipeline, or name them all in --pipes.")
    SD064 = ("There is nothing to diffuse in '{path}': {names} would be, but [training.frozen_components] lists them, so that "
             "they never learn to use it. Train them.")
    SD065 = ("Component '{name}' listens to the embedding '{upstream}', but '{other}', another embedding, stands between them in "
             "[nlp] pipeline. Outside of training spaCy gives '{name}' the vectors of '{other}'. Move '{other}' behind '{name}'.")
    SD070 = ("There is no graph of words in {name}. Components that have one: {opts}. Wrap an embedding "
             "in spacy-stablediff.WordGraphTok2Vec.v1, by `python -m spacy stablediff add` or "
             "spacy_stablediff.know_words(nlp), and train it.")
    SD071 = ("Component '{name}': its setting 'pipes' names '{pipe}', which listens to '{transformer}'. To train it, '{name}' "
             "must stand between the two in [nlp] pipeline: after '{transformer}', before '{pipe}'. Now it is: {opts}.")
    SD072 = ("Component '{name}': '{pipe}' listens to the curated transformer '{transformer}', which was not updated and hands "
             "it nothing. To freeze '{transformer}', take it off [training.frozen_components] and set frozen = true in "
             "[components.{transformer}]; its listeners can't be trained otherwise.")
    SD075 = ("There is nothing to pretrain in '{path}': {names} have no vectors that begin with random weights. They only "
             "count words, or take vectors from a transformer or another pipeline, where they are trained already. Leave "
             "out the option --pretrain.")
    SD076 = ("'{path}' names pretrained weights already: [initialize] init_tok2vec is '{weights}'. Set it to null to pretrain "
             "new ones, or leave out the option --pretrain to train with those.")
    SD077 = ("Component '{name}': the setting 'share' is the probability with which a text is edited, a number above 0 "
             "and up to 1, but it is {value!r}. 1 edits them all; to edit none, take '{name}' off [nlp] pipeline.")
    SD078 = ("{owner}: the model '{name}' in its setting 'bow' counts no words, so there are none to "
             "diffuse. Use spacy.TextCatBOW.v3, or leave the wrapper out.")
    SD079 = ("Component '{name}': its embedding was trained with '{setting}' = {trained}, which know_words can't change to "
             "{value}. Leave '{setting}' out, or train a new embedding with it.")
    SD080 = ("Component '{name}': it edits the texts that the components after it are trained on, so it must be the first one "
             "in [nlp] pipeline, but that is '{first}'. Put it there; in Python, add it by nlp.add_pipe(..., first=True).")
    SD081 = ("The setting '{setting}' of know_words must be a list of {kinds}, but holds {value!r:.80}. Give a list; to read texts "
             "from a file, give its lines.")
    SD100 = ("{augmenter}: the setting '{setting}' is a rate, a number from 0 (never) to 1 (always), but it is "
             "{value!r}. A useful rate for typos is 0.1.")
    SD101 = ("{augmenter}: the setting '{setting}' must be one of {opts}, but it is {value!r}.")
    SD102 = ("{augmenter}: the setting 'seed' must be a whole number of at least 0, but it is {value!r}.")
    SD103 = ("The setting 'component' names '{name}', which isn't in the pipeline or is disabled. Components: {opts}.")
    SD104 = ("The setting 'component' names '{name}', which sees no token vectors: it neither embeds for itself nor "
             "listens to an embedding. Components that do: {opts}.")
    SD105 = ("The pipeline sets no doc.tensor and has no static vectors, so which vectors to look at must be said: name "
             "a component that embeds for itself with the setting 'component'. Such components: {opts}. Without any, "
             "entities and categories are needed, and 'predict'.")
    SD106 = ("The pipeline gives vectors of shape {shape} for a document of {length} tokens; a row for each token is "
             "needed. Run the embedding after the last component that changes the tokenization, or name one whose "
             "vectors fit with the setting 'component'.")
    SD107 = ("The pipeline gives vectors with infinite or not-a-number values for the document {text!r}. Check the "
             "embedding, or name one that works with the setting 'component'.")
    SD108 = ("The setting '{setting}' must be a whole number of at least 0, but it is {value!r}.")
    SD109 = ("The corpus is empty: it has no document with tokens. Check the data that 'data' or DATA names.")
    SD110 = ("No edits to measure stability under. Leave out 'edits' for the default ones, or name at least one "
             "augmenter.")
    SD111 = ("The edits in '{path}' can't be used: give the file a section for each edit, such as [edits.typo], with the "
             "augmenter it stands for, such as @augmenters = \"spacy-stablediff.edits.v1\", and its settings.")
    SD112 = ("The edits in '{path}' can't be used: {problem}")
    SD113 = ("There is no data at '{path}'. Give the path of a .spacy file, a directory of them, or a .txt file with a "
             "text a line.")
    SD114 = ("'{path}' is no data to measure stability on. Give the path of a .spacy file, a directory of them, or a "
             ".txt file with a text a line. Other formats can be converted with: python -m spacy convert")
    SD115 = ("The data at '{path}' can't be read: {problem}. A .txt file must be in UTF-8.")
    SD116 = ("Can't make the directory '{path}' for stability.json and stability.html: {reason}. Give another output.")
    SD117 = ("The data to measure stability on have an object of the type {value}. Give examples, documents or texts, or the "
             "path of a .spacy file, a directory of them, or a .txt file with a text a line.")
    SD118 = ("The option --fail-above is {value!r}, but must be a figure and its limit, such as displacement=0.2. Figures: "
             "{opts}.")
    SD119 = ("'{model}' is less stable than --fail-above allows: {figures}.")
    SD120 = ("{augmenter}: the setting 'table' is '{path}', which can't be read ({reason}). Give the path of a UTF-8 file "
             "with a line wrong->right for each misspelling, such as thier->their.")
    SD121 = ("{augmenter}: line {number} of the table '{path}' is {line!r}, but must be wrong->right, such as "
             "thier->their. Where a misspelling stands for several words, put a comma behind each.")
    SD122 = ("{augmenter}: the setting 'table' has no entry that can be used. It takes at least one misspelling of a word, "
             "both without spaces, such as thier->their.")
    SD123 = ("{augmenter}: the setting 'table' must be the path of a file or a list of pairs such as [\"thier\", \"their\"], "
             "but it is {value!r}.")
    SD124 = ("{augmenter}: the setting 'labels' must be a list of the labels of persons, such as [\"PERSON\"], but it is "
             "{value!r}.")
    SD125 = ("{augmenter}: the setting 'names' must be a list of names such as [\"Ada Lovelace\"], or null for those of this "
             "package, but it is {value!r}.")
    SD126 = ("There is no robustness table, for none of its errors was measured. Measure with 'curves', such as "
             "spacy_stablediff.measure.defaults.default_curves(), a pipeline that finds entities or categories.")
    SD127 = ("The option --fail-above sets a limit on {name}, which was not measured: '{model}' has no such vectors or "
             "predictions. Leave that limit out.")
    SD128 = ("The option --misspellings makes a curve, but {option} measures none. Leave out one of both.")
    SD129 = ("An edit can't be called 'clean', for that is what texts without edits are called. Give it another name.")
    SD131 = ("The option --gpu-id asks for GPU {id}, which can't be used: {problem}. Leave it out to use the CPU, or install what is "
             "missing.")
    SD132 = ("The pipeline returned {found} of {count} documents, for its error handler leaves out those that fail. To see what fails, "
             "set one that raises: nlp.set_error_handler(spacy.util.raise_error).")
    SD130 = ("The option --gpu-id is for this process alone, and {option} lets workers measure, which do so on CPUs. Leave out "
             "one of both.")
    SD150 = ("Nothing in this pipeline diffuses, so there is no kernel to show. Add the component 'stablediff' after "
             "the embedding, or give a component an embedding that is a 'spacy-stablediff.DiffusedTok2Vec.v1'. "
             "Components: {opts}.")
    SD151 = ("The setting 'component' names '{name}', which doesn't diffuse or isn't in the pipeline. Components that "
             "diffuse: {opts}.")
    SD152 = ("The layer '{layer}' doesn't say how it mixes the tokens of a document, so there is nothing to show. Layers of this "
             "package do. Choose a component that uses one of them with the setting 'component'.")
    SD153 = ("The option 'channel' is {channel!r}, but must be a whole number from 0 to {last}, or None for the mean "
             "over all channels.")
    SD154 = ("Unknown style '{style}'. Styles: 'kernel', a heat map of all pairs of tokens, 'band', a line for each token with "
             "the tokens around it, and 'words', the words that are diffused over the graph of words.")
    SD155 = ("The document has {length} tokens; the style '{style}' draws up to {limit}. Show a part, such as "
             "doc[:{limit}].as_doc(), or allow more with options={{\"max_tokens\": {length}}}. Limits: {opts}.")
    SD156 = ("Unknown option '{option}' for the style '{style}'. Options: {opts}.")
    SD157 = ("The option '{option}' is {value!r}, but must be a whole number of at least 1.")
    SD170 = ("spacy_stablediff.distributed runs on Ray, which isn't installed. Install it with: "
             "pip install \"spacy-stablediff[ray]\"")
    SD171 = ("There is no pipeline '{model}': it is neither an installed package nor a folder that spaCy has written. Check the "
             "name, or save the pipeline with nlp.to_disk() and give its path.")
    SD172 = ("The setting 'model' is an object of the type {value}, but each worker loads the pipeline for itself, by its name or "
             "path. Save it with nlp.to_disk() where all workers find it, and give the path.")
    SD173 = ("The setting 'output' must be \"entities\", \"cats\", \"docbin\" or a function that makes a dict of columns of a "
             "Doc, but it is {value!r}.")
    SD174 = ("The setting 'on_error' must be \"raise\", or \"column\" to keep texts that fail, with the message in the column "
             "'error', but it is {value!r}.")
    SD175 = ("The setting '{setting}' must be {wanted}, but it is {value!r}.")
    SD176 = ("The text {text!r} can't be processed: {problem}. With on_error=\"column\" (the option --on-error column) it is "
             "kept, with this message, and the rest goes on.")
    SD177 = ("The data have no column '{column}'. Name the column of the texts with the setting 'text' (the option --text). "
             "Columns: {opts}.")
    SD178 = ("There is nothing to read at '{path}'. Give a file or a folder of files: {opts}.")
    SD179 = ("'{path}' can't be read: {problem}.")
    SD180 = ("The output '{path}' is a file. Give a folder, for files of Parquet.")
    SD181 = ("The output '{path}' holds something else. Give an empty or new folder.")
    SD182 = ("The output '{path}' holds a run with another setting '{setting}': {before!r}, now {now!r}. Give another folder; or "
             "give the same settings, to go on with that run.")
    SD183 = ("'{path}' can't be written: {problem}. What was finished before is kept. Put that right, and give the same command "
             "again, to go on from there.")
    SD184 = ("The function that the setting 'output' names returned an object of the type {value}, but must return a dict with a "
             "value for each column.")
    SD185 = ("There is no Ray cluster at '{address}' ({problem}). Check the address, or leave it out to use this machine.")
    SD186 = ("{failed} of {documents} texts couldn't be processed. Their messages are in the column 'error' of the output.")
    SD187 = ("The column '{column}' is in the data already, and 'output' would write it. Rename it, or leave it out.")
    SD188 = ("'{path}' is one of the run's files and was changed since. Give another folder for the output, to begin anew.")
    SD189 = ("There is no file of Python at '{path}'. Correct the option --code, or leave it out.")
    SD190 = ("There are no texts at '{path}' to tune on. Give the path of a .txt file with a text a line, of a .jsonl file with "
             "a \"text\" in each line, of a .spacy file, or of a directory of .spacy files.")
    SD191 = ("The texts at '{path}' can't be read: {problem}. A .txt file must be in UTF-8, and each line of a .jsonl file an "
             "object with a string \"text\".")
    SD192 = ("There is too little to tune on: of {count} texts with words {cased} have a single case, and those don't count "
             "without annotation. At least two others are needed, for some are held out to choose by.")
    SD193 = ("The texts to tune on have an object of the type {value}. Give texts, or documents or examples with gold annotation.")
    SD194 = ("Can't tune {names}. A component can be tuned that is enabled, has a scorer, and embeds for itself, or listens to a shared "
             "embedding such as 'tok2vec' or to a transformer. Those are: {opts}. Name some of them in the setting 'components' (the option "
             "--pipes). A bag of words can be made steady before it is trained, by 'stablediff add'.")
    SD195 = ("The setting '{setting}' is {value!r}. 'epochs' must be a whole number of at least 1, 'learn_rate' a number above "
             "0, 'keep' a number from 0 to 1, and 'seed' a whole number of at least 0.")
    SD196 = ("Can't make the directory '{path}' for the tuned pipeline: {reason}. Give another output.")
    SD197 = ("A text to tune on is annotated for {annotated}, but not for {lacking}: {text!r:.80}. Name the components that all "
             "texts are annotated for in the setting 'components' (the option --pipes), or give texts without annotation, which the pipeline itself "
             "annotates.")
    SD198 = ("The texts to tune on are annotated with labels that component '{name}' doesn't know, such as {unknown}. It knows "
             "{known}. Give texts with its own labels, or without annotation, which the pipeline itself annotates.")
    SD199 = ("The function that the setting 'output' names gives the column '{column}' values that no column can hold: {problem}. "
             "Return values of one type for all texts.")
    SD200 = ("The column '{column}' of the data must be the place of each text in the corpus, a whole number of at least 0, but has "
             "{value!r}. Rename the column, and the texts are numbered in their order.")
# fmt: on


class VectorsError(ValueError):
    """Vectors that can't be diffused: raised by a layer, and named at the edge.

    The edge is the component or the architecture that a user has set up.
    """

    def __init__(self, template: str, *, owner: str = "A diffusion layer", **fields: Any):
        """Fill in the message.

        template (str): A text of `Errors` with a field `owner`.
        owner (str): Who refuses the vectors, such as "Component 'stablediff'".
        **fields (Any): The other fields of the text.
        """
        super().__init__(template.format(owner=owner, **fields))
        self.template = template
        self.fields = fields


@contextmanager
def refused_by(owner: str) -> Iterator[None]:
    """Let errors about vectors name the component or architecture that refuses them.

    owner (str): Its name, as a message begins with it.
    RAISES (VectorsError): What was raised, with that name.
    """
    try:
        yield
    except VectorsError as error:
        raise VectorsError(error.template, owner=owner, **error.fields) from None
