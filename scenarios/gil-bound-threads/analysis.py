"""The work of a request: each file is split into words, counted and scored. Pure Python."""

WORDS_PER_FILE = 60_000


def read_files(count):
    return [
        " ".join(f"word{(7 * n + seed) % 997}" for n in range(WORDS_PER_FILE))
        for seed in range(count)
    ]


def analyse_file(text):
    counts = {}
    score = 0
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
        for letter in word[:4]:
            score = (score * 31 + ord(letter)) % 1_000_003
    return score, len(counts)
