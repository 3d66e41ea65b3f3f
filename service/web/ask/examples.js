// Problems to begin with. The weights in the box know those of the mini world; the last one is for a real model.

export const EXAMPLES = [
  {
    name: "Filter, prepend, range",
    problem: "You get a list of numbers. Do this: keep numbers less than 3; put 2 at the front. Answer with the range.",
    entry_point: "solve",
    tests: [{ args: [[10, -9, 15, 9, -7, 0]], expected: 11 }, { args: [[-6, 10, -5, 9]], expected: 8 }, { args: [[7, 6, 16, -6, 1]], expected: 8 }],
    solutions: [
      "def solve(xs):\n    xs = [x for x in xs if x < 3]\n    xs = [2] + xs\n    return max(xs, default=0) - min(xs, default=0)",
      "def solve(xs):\n    xs = [x for x in xs if x <= 3]\n    xs = xs + [2]\n    return max(xs, default=0) - min(xs, default=0)",
      "def solve(xs):\n    xs = [x for x in xs if x < 3]\n    return len(xs)",
    ],
  },
  {
    name: "A line of numbers, read from standard input",
    problem: "Given a line of numbers: select numbers not divisible by 3, then add each pair of neighbours, then select numbers below 7. Give the number of items.",
    entry_point: "",
    tests: [{ stdin: "-6 1 12 0 -8 16 8 8\n", stdout: "1\n" }, { stdin: "-3 -8 -6 12 12 15 14\n", stdout: "1\n" }, { stdin: "17 -8 -1 6 4 15 12 1\n", stdout: "3\n" }],
    solutions: [
      "xs = [int(x) for x in input().split()]\nxs = [x for x in xs if x % 3 != 0]\nxs = [a + b for a, b in zip(xs, xs[1:])]\nxs = [x for x in xs if x < 7]\nprint(len(xs))",
      "xs = [int(x) for x in input().split()]\nxs = [x for x in xs if x % 3 == 0]\nxs = [a + b for a, b in zip(xs, xs[1:])]\nprint(len(xs))",
    ],
  },
  {
    name: "Words and dashes",
    problem: "Given a text: remove the digits, then select only letters, then join the words with dashes. Give the text.",
    entry_point: "solve",
    tests: [{ args: ["a1 b2"], expected: "ab" }, { args: ["x-y 3"], expected: "xy" }],
    solutions: ["def solve(s):\n    s = ''.join(c for c in s if c.isalpha())\n    return '-'.join(s.split())"],
  },
  {
    name: "Lift what is small, sort",
    problem: "You get a list of numbers. Do this: sort increasingly; lift numbers below 8 up to 8. Answer with the total.",
    entry_point: "solve",
    tests: [{ args: [[3, 9, 12]], expected: 29 }, { args: [[8, 1]], expected: 16 }],
    solutions: ["def solve(xs):\n    xs = sorted(xs)\n    xs = [max(x, 8) for x in xs]\n    return sum(xs)", "def solve(xs):\n    return sum(min(x, 8) for x in xs)"],
  },
  {
    name: "Balanced brackets (for a real model)",
    problem: "Write is_balanced(text): whether every (, [ and { in the text is closed by its own kind in the right order. Other characters do not matter.",
    entry_point: "is_balanced",
    tests: [{ args: ["a(b[c]{d})"], expected: true }, { args: ["(]"], expected: false }, { args: [""], expected: true }, { args: ["(("], expected: false }],
    solutions: [
      "def is_balanced(text):\n    pairs = {')': '(', ']': '[', '}': '{'}\n    opened = []\n    for c in text:\n        if c in pairs.values():\n            opened.append(c)\n        elif c in pairs and (not opened or opened.pop() != pairs[c]):\n            return False\n    return not opened",
      "def is_balanced(text):\n    return text.count('(') == text.count(')')",
    ],
  },
];
