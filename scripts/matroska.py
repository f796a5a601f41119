"""Changes in Matroska files what the ffmpeg tool cannot write.

A document is a list of (identifier, content): the identifier in hexadecimal, the content as bytes or, for the parents
named here, as such a list again.
"""

SEGMENT, INFO, TRACKS, TRACK = "18538067", "1549a966", "1654ae6b", "ae"
VIDEO, COLOUR, CLUSTER = "e0", "55b0", "1f43b675"
PARENTS = {SEGMENT, INFO, TRACKS, TRACK, VIDEO, COLOUR, CLUSTER}
SEEK_HEAD, CUES, TAGS, VOID = "114d9b74", "1c53bb6b", "1254c367", "ec"
DURATION, DEFAULT_DURATION = "4489", "23e383"
SIMPLE_BLOCK, BLOCK_GROUP, BLOCK, BLOCK_DURATION = "a3", "a0", "a1", "9b"
MASTERING, MAX_CLL, MAX_FALL = "55d0", "55bc", "55bd"


def elements(data):
    """The document that `data` contains; every size in it must be known."""
    result, at = [], 0
    while at < len(data):
        length = 9 - data[at].bit_length()
        identifier = data[at : at + length].hex()
        at += length
        length = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
        at += length
        content = data[at : at + size]
        result.append((identifier, elements(content) if identifier in PARENTS else content))
        at += size
    return result


def serialised(document):
    """The bytes of a document, with every size in eight bytes."""
    result = b""
    for identifier, content in document:
        if isinstance(content, list):
            content = serialised(content)
        result += bytes.fromhex(identifier) + (1 << 56 | len(content)).to_bytes(8, "big") + content
    return result


def rewrite(path, change):
    """Replaces the children of every parent in the file by `change(identifier, children)`, the innermost first."""

    def visit(identifier, children):
        # These state positions and times in the file as it was.
        kept = [child for child in children if child[0] not in (SEEK_HEAD, CUES, TAGS, VOID)]
        return change(identifier, [(i, visit(i, c) if isinstance(c, list) else c) for i, c in kept])

    path.write_bytes(serialised(visit("", elements(path.read_bytes()))))
