"""Measures of C++ text: how long each function is, how many methods and members each class has.

No compiler is asked: the text is cut into tokens, brackets are matched, and what stands before a brace tells what it opens.
That suffices for code that clang-format has formatted, and takes a second for the whole tree.
"""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
      | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^\s()\\]*)\(.*?\)(?P=mark)")
      | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
      | (?P<number>\.?\d(?:[\w.]|'\w)*)
      | (?P<char>'(?:\\.|[^'\\\n])+')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>::|->|<=>|<=|>=|==|!=|&&|\|\||\S)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Function:
    name: str
    line: int
    lines: int


@dataclass
class Class:
    name: str
    line: int
    methods: list = field(default_factory=list)
    members: list = field(default_factory=list)


@dataclass
class Token:
    text: str
    line: int
    word: bool = False


@dataclass
class Measures:
    functions: list = field(default_factory=list)
    classes: list = field(default_factory=list)
    strings: list = field(default_factory=list)
    comments: str = ""


def tokens_of(text):
    """The tokens, without comments and directives; the string literals as tokens; the text of all comments."""
    tokens, strings, comments, line, position = [], [], [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        kind = match.lastgroup if match.lastgroup != "mark" else "raw"
        if kind == "comment":
            comments.append(match.group())
        elif kind in ("raw", "string", "char"):
            tokens.append(Token('""', line))
            strings.append(Token(match.group(), line))
        elif kind != "directive":
            tokens.append(Token(match.group(), line, kind == "word"))
    return tokens, strings, re.sub(r"\s*\n?\s*//+\s*|\s+", " ", "\n".join(comments))


def matching(tokens):
    """Index of an opening bracket → index of the bracket that closes it."""
    pairs, open_ones = {}, []
    for index, token in enumerate(tokens):
        if token.text in CLOSING:
            open_ones.append(index)
        elif token.text in CLOSING.values():
            while open_ones:
                opened = open_ones.pop()
                if CLOSING[tokens[opened].text] == token.text:
                    pairs[opened] = index
                    break
    return pairs


class Reader:
    """Reads declarations one after the other; `head` is what has been read of the one at hand, brackets as one token each."""

    def __init__(self, text):
        self.tokens, strings, comments = tokens_of(text)
        self.pairs = matching(self.tokens)
        self.found = Measures(strings=strings, comments=comments)

    def measure(self):
        self.declarations(0, len(self.tokens), None)
        return self.found

    def declarations(self, index, end, owner):
        head = []
        while index < end:
            token = self.tokens[index]
            if token.text == "{" and index in self.pairs:
                index = self.brace(index, head, owner)
            elif token.text in "([" and index in self.pairs:
                self.lambdas(index + 1, self.pairs[index])
                head.append(Token(token.text + CLOSING[token.text], token.line))
                index = self.pairs[index]
            elif token.text == "<" and self.opens_template(head):
                index = self.after_template(index, end)
            elif token.text == ";":
                self.declaration(head, owner)
                head.clear()
            elif token.text == ":" and [t.text for t in head] in (["public"], ["protected"], ["private"]):
                head.clear()
            else:
                head.append(token)
            index += 1

    def brace(self, index, head, owner):
        """Deals with a brace; returns where it closes."""
        end, texts = self.pairs[index], [token.text for token in head]
        if not texts or "namespace" in texts or texts[0] == "extern":
            self.declarations(index + 1, end, None)
            head.clear()
        elif "enum" in texts:
            head.append(Token("{}", head[-1].line))
        elif "=" in texts and "operator" not in texts:
            self.lambdas(index + 1, end)
            head.append(Token("{}", head[-1].line))
        elif "()" in texts and not self.is_class(texts):
            if self.initialises_member(head):
                head.append(Token("{}", head[-1].line))
            else:
                self.function(head, end, owner)
                head.clear()
        elif self.is_class(texts):
            self.class_body(index, head)
        else:
            self.lambdas(index + 1, end)
            head.append(Token("{}", head[-1].line))
        return end

    @staticmethod
    def is_class(texts):
        if not {"class", "struct", "union"} & set(texts):
            return False
        first = next(i for i, text in enumerate(texts) if text in ("class", "struct", "union"))
        rest = texts[first:]
        return "()" not in [text for i, text in enumerate(rest) if i == 0 or rest[i - 1] != "alignas"]

    @staticmethod
    def initialises_member(head):
        texts = [token.text for token in head]
        after_arguments = texts[texts.index("()") + 1 :]
        return ":" in after_arguments and (head[-1].word or texts[-1] == ">")

    @staticmethod
    def opens_template(head):
        return bool(head) and head[-1].word and head[-1].text != "operator" and "=" not in [token.text for token in head]

    def after_template(self, index, end):
        depth = 0
        for at in range(index, end):
            text = self.tokens[at].text
            depth += {"<": 1, ">": -1}.get(text, 0)
            if depth == 0:
                return at
            if text in ";{":
                break
        return index

    def class_body(self, index, head):
        texts = [token.text for token in head]
        first = next(i for i, text in enumerate(texts) if text in ("class", "struct", "union"))
        named = texts[first + 1 :]
        name = [text for text in (named[: named.index(":")] if ":" in named else named) if text not in ("final", "[]", "()", "alignas")]
        new = Class("".join(name) or "(unnamed)", head[first].line)
        self.found.classes.append(new)
        self.declarations(index + 1, self.pairs[index], new)
        head.append(Token("{}", head[-1].line))

    def function(self, head, end, owner):
        name = self.name_of(head)
        if owner:
            self.method(head, name, owner)
        self.found.functions.append(Function(name, head[0].line, self.tokens[end].line - head[0].line + 1))

    @staticmethod
    def name_of(head):
        texts = [token.text for token in head]
        if "operator" in texts:
            at = texts.index("operator")
            return "".join(texts[at : at + 2])
        at = texts.index("()")
        name = texts[at - 1] if at else "(unnamed)"
        while at >= 3 and texts[at - 2] == "::":
            at -= 2
            name = texts[at - 1] + "::" + name
        return name

    @staticmethod
    def method(head, name, owner):
        texts = [token.text for token in head]
        if texts[-2:] not in (["=", "default"], ["=", "delete"]):
            owner.methods.append("~" + name if "~" in texts else name)

    def declaration(self, head, owner):
        texts = [token.text for token in head]
        if not owner or not texts or {"using", "friend", "typedef", "static_assert", "enum"} & set(texts):
            return
        before_value = texts[: texts.index("=")] if "=" in texts and "operator" not in texts else texts
        if "()" in before_value:
            name = self.name_of(head)
            if name not in ("alignas", "decltype"):
                self.method(head, name, owner)
                return
        if "static" not in texts and texts[0] not in ("class", "struct", "union"):
            owner.members.append(next((text for text in reversed(before_value) if re.match(r"[A-Za-z_]", text)), "(unnamed)"))

    def lambdas(self, index, end):
        """Functions that stand inside an initialiser or an argument."""
        while index < end:
            token = self.tokens[index]
            before = self.tokens[index - 1]
            if token.text == "[" and index in self.pairs and not before.word and before.text not in (")", "]", '""', "["):
                body = self.lambda_body(self.pairs[index] + 1, end)
                if body:
                    last = self.tokens[self.pairs[body]].line
                    self.found.functions.append(Function("(lambda)", token.line, last - token.line + 1))
                    index = self.pairs[body]
            index += 1

    def lambda_body(self, index, end):
        while index < end and self.tokens[index].text not in (",", ";", ")", "}"):
            if self.tokens[index].text == "{":
                return index if index in self.pairs else None
            index = self.pairs.get(index, index) + 1 if self.tokens[index].text == "(" else index + 1
        return None


def measure(text):
    return Reader(text).measure()
