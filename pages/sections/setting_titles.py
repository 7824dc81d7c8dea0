"""What people call the settings of a run and their choices.

Reads: nothing. Writes: nothing.
"""

LABELS = {
    "corpus.seed": "Corpus seed",
    "teacher.epochs": "Fine-tuning epochs (0: by size of the corpus)",
    "teacher.learning_rate": "Fine-tuning learning rate",
    "n_train": "Training texts to generate",
    "n_test": "Validation and test texts to generate",
    "text_column": "Text column",
    "label_column": "Label column",
    "label_names": "Names of the labels, such as bad, good",
    "missing_labels": "Labels that stand for none, such as nan, ?",
    "look_alikes": "Labels that look alike",
    "max_examples": "Largest training split (texts; 0: all)",
    "labeled": "Labeled fraction of the training split",
    "shots": "Labeled texts a class (0: all)",
    "left_out": "Held-out class",
    "supervision": "Supervision",
    "label_descriptions": "Label descriptions (NAME: a few words; …)",
    "hypothesis_template": "Hypothesis template",
    "max_length": "Max sequence length (tokens)",
    "learning_rate": "Learning rate",
    "depth": "Layers of the student",
    "layer_map": "Layer mapping",
    "layers": "Explicit layer mapping, such as 0, 2, 5",
    "width": "Hidden size (0: the teacher's)",
    "init": "Initialization",
    "heads": "Attention heads (share that stays)",
    "neurons": "Feed-forward neurons (share that stays)",
    "parent": "Starts from (a student of another run)",
    "sparsity": "Zeros among the weights (share)",
    "weights": "Format of the weights",
    "temperature": "Temperature",
    "alpha": "Soft-label weight (α)",
    "architecture": "Architecture",
    "soft_weight": "Soft-label weight of its own (0: α)",
    "hard_weight": "Hard-label weight of its own (0: 1 − α)",
    "soft_sites": "Sites of the soft labels",
    "masked": "Masked words (share of a text)",
    "mask_smoothing": "Smoothing of the masks towards rare words",
    "logit_mse": "Logit MSE",
    "hidden_cosine": "Hidden-state cosine loss (last layer)",
    "hidden_mse": "Hidden-state MSE (mapped layers)",
    "attention_kl": "Attention KL (mapped layers)",
    "recipe": "Recipe",
    "batch_size": "Batch size (texts)",
    "warmup": "Warm-up ratio (of the steps)",
    "clip": "Gradient clipping (largest norm)",
    "frozen": "Frozen layers (0: none)",
    "averaging": "Weight averaging (share of steps)",
    "threads": "Threads (0: the share of a worker)",
    "patience": "Early stopping patience (epochs; 0: never)",
}
"""What settings are called, by their name or, where two share it, by their full name."""
CORPORA = {
    "reviews": "Reviews, five degrees from bad to good",
    "python-docs": "Python docs, eight topics",
    "review-likeness": "Reviews, how much alike two are",
    "file": "My own file",
    "hub": "A dataset from the Hugging Face hub",
}
"""What kinds of corpora are called."""
TOLD = {
    "all": "All",
    "share": "A share",
    "shots": "A few of each class (few-shot)",
    "none": "None (zero-shot)",
}
"""How many of the training texts tell their label."""
FIRST = {"labeled": 0.05, "shots": 8}
"""What few labels begin with."""
TEACHERS = {
    "shipped": "Shipped teacher, made for the reviews",
    "shipped-words": "Shipped teacher of masked words, made for both built-in corpora",
    "minilm": "MiniLM, 6 layers",
    "folder": "A folder on this computer",
    "hub": "A model from the Hugging Face hub",
}
"""What kinds of teachers are called."""
