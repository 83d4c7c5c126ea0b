package clean

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTextIsWhatATerminalShows(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", "a\tb\n\nc\n", "a\tb\n\nc\n"},
		{"Windows", "a\r\nb\r\n", "a\nb\n"},
		{"a bar", "10%\r50%\rdone", "done"},
		{"a shorter line", "a longer line\rshort", "shortger line"},
		{"a bar that is cleared", "100%|████|\r          \rdone\n", "done\n"},
		{"a return at the end", "words\r", "words"},
		{"backspaces", "|\b/\b-\b\\\bok", "ok"},
		{"too many backspaces", "a\b\b\bb", "b"},
		{"colours", "\x1b[1;31merror:\x1b[0m no\x1b[38;2;1;2;3m memory\x1b[m", "error: no memory"},
		{"a title", "\x1b]0;title\x07words", "words"},
		{"a title in another form", "\x1b]2;title\x1b\\words", "words"},
		{"a link", "see \x1b]8;;https://a.example/\x1b\\the docs\x1b]8;;\x1b\\.", "see the docs."},
		{"8-bit controls", "\u009b31mred\u009d0;title\u009c\u0085line", "red\nline"},
		{"other strings", "\x1bPdcs\x1b\\\x1b_apc\x1b\\\x1b^pm\x07\x1bXsos\x1b\\a", "a"},
		{"a character set", "\x1b(Ba\x1b)0b\x1b=c", "abc"},
		{"a title without an end", "\x1b]0;train\nRuntimeError", "0;train\nRuntimeError"},
		{"a sequence without an end", "a\x1b[31", "a"},
		{"an escape at the end", "a\x1b", "a"},
		{"a broken sequence", "a\x1b[3\nb", "a\nb"},
		{"erase the line", "closing 1/2\r\x1b[2Kclosing\n", "closing\n"},
		{"erase to the end", "100 %\rok\x1b[K", "ok"},
		{"erase to the beginning", "abcdef\x1b[3D\x1b[1KX", "   Xef"},
		{"columns", "\x1b[5Gx\x1b[1Gy", "y   x"},
		{"two bars", "a 1\nb 1\x1b[1A\ra 2\nb 2\x1b[1A\ra 3\n", "a 3\nb 2"},
		{"rows that are drawn again", "a 1\nb 1\n\x1b[2A\x1b[Ja 2\nb 2\n", "a 2\nb 2\n"},
		{"a cleared screen loses no words", "RuntimeError\n\x1b[2J\x1b[Hmenu", "RuntimeError\nmenu"},
		{"up beyond the first line", "a\x1b[99Ab", "ab"},
		{"far to the right", "\x1b[60000Ca", strings.Repeat(" ", farthest) + "a"},
		{"tabs over text", "abcdefghij\r\tX", "abcdefghXj"},
		{"bidi controls", "a\u202eb\u2066c\u2069\u200fd\u061c", "abcd"},
		{"zero width", "a\u200bb\ufeffc\u2060d\u00ade", "abcde"},
		{"tags", "a\U000e0041\U000e007fb", "ab"},
		{"joiners stay", "क्\u200dष 👩\u200d💻 می\u200cخواهم", "क्\u200dष 👩\u200d💻 می\u200cخواهم"},
		{"accents stay", "e\u0301\u0302 ä 数据", "e\u0301\u0302 ä 数据"},
		{"too many accents", "a" + strings.Repeat("\u0301", 100), "a" + strings.Repeat("\u0301", mostMarks)},
		{"wide characters", "数据\rab", "ab据"},
		{"half of a wide character", "数据\ra", "a 据"},
		{"wide over narrow", "abcd\r数", "数cd"},
		{"other line ends", "a\u2028b\u2029c\vd\fe", "a\nb\nc\nd\ne"},
		{"not UTF-8", "a\xff\xfeb\x9b31mc", "a\ufffdb\ufffd31mc"},
		{"not characters", "a\ufffeb", "a\ufffdb"},
		{"controls", "a\x00\x01\x05\x0e\x7fb", "ab"},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestLineIsOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"ndcg":                "ndcg",
		"nd\rxx\x1b[31mcg":    "nd\ufffdxxcg",
		"a\nb\tc":             "a b c",
		"one\r\ntwo":          "one two",
		"a\u202egnp.exe":      "agnp.exe",
		"\x1b]8;;x\x07name\n": "name",
		" a  b ":              " a  b",
		" ä  b ":              " ä  b",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// A foreign text cannot overwrite the words of foil around it.
func TestMessageKeepsItsWords(t *testing.T) {
	for in, want := range map[string]string{
		"open \"a\rb\": no such file":            "open \"a\ufffdb\": no such file",
		"FAILED a: \x1b[2K\rmade   a":            "FAILED a: \ufffdmade   a",
		"FAILED a: \b\b\b\b\x1b[8mhidden\x1b[0m": "FAILED a: \ufffdhidden",
		"line 1\r\nline 2\ttab\u0085line 3":      "line 1\nline 2\ttab\nline 3",
		"a\u202eb\xffc":                          "ab\ufffdc",
		"\x1b[1Aup":                              "up",
	} {
		if got := Message(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		var b bytes.Buffer
		if n, err := (Parts{&b, Message}).Write([]byte(in)); n != len(in) || err != nil || b.String() != want {
			t.Errorf("%q is written as %q (%d, %v)", in, b.String(), n, err)
		}
	}
}

func TestTailHasTheLastWords(t *testing.T) {
	tail := NewTail()
	tail.Write([]byte("RuntimeError: CUDA out of memory\n\n"))
	for range 1000 {
		tail.Write([]byte("\r\x1b[2K\x1b[31mclosing workers \x1b]0;tra"))
		tail.Write([]byte("in\x07"))
	}
	if got, want := tail.Text(), "RuntimeError: CUDA out of memory\nclosing workers"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	tail = NewTail()
	for i := range 1000 {
		tail.Write([]byte(strings.Repeat("ä", i%7) + "\n"))
	}
	tail.Write([]byte("the end\n"))
	if got := tail.Text(); !strings.HasSuffix(got, "\nthe end") || strings.Count(got, "\n") != tailLines-1 {
		t.Errorf("got %q", got)
	}

	tail = NewTail()
	tail.Write([]byte("before\n" + strings.Repeat("ä", 5000) + "!"))
	if got := tail.Text(); len(got) > tailBytes || len(got) < tailBytes-2 || !utf8.ValidString(got) || !strings.HasSuffix(got, "ä!") {
		t.Errorf("%d bytes: %q", len(got), got)
	}

	tail = NewTail()
	tail.Write([]byte(strings.Repeat("x", 1500) + "\n" + strings.Repeat("y", 1500) + "\n"))
	if got := tail.Text(); got != strings.Repeat("y", 1500) {
		t.Errorf("%d bytes", len(got))
	}
}

// What a program writes byte by byte is what it writes at once.
func TestWriterPassesOnLines(t *testing.T) {
	in := "first\n1%\r\x1b[2K2%\x1b]8;;https://a.example\x1b\\link\x1b]8;;\u009c\r\n" + strings.Repeat("line\n", height) + "数据\u0301\x1b[1Ax"
	var whole, parts bytes.Buffer
	w := NewWriter(&whole)
	w.Write([]byte(in))
	if !strings.HasPrefix(whole.String(), "first\n2%link\n") {
		t.Errorf("before the end, %q was passed on", whole.String())
	}
	w.Close()
	w = NewWriter(&parts)
	for i := range len(in) {
		w.Write([]byte(in[i : i+1]))
	}
	w.Close()
	if want := Text(in) + "\n"; whole.String() != want || parts.String() != want {
		t.Errorf("got\n%q\n%q\nwant\n%q", whole.String(), parts.String(), want)
	}
}

// Programs may write much in one line or in one sequence.
func TestLongInputTakesLimitedTimeAndMemory(t *testing.T) {
	for name, in := range map[string]string{
		"a line":               strings.Repeat("x", 3<<20),
		"titles without ends":  strings.Repeat("\x1b]", 1<<20),
		"C1 without ends":      strings.Repeat("\u009d", 1<<20),
		"one long title":       "\x1b]0;" + strings.Repeat("x", 2*longestString),
		"one long sequence":    "\x1b[" + strings.Repeat("1;", 1<<19) + "m",
		"tabs beyond the line": "\x1b[999C" + strings.Repeat("\t", 1<<20) + "x",
		"columns":              strings.Repeat("\x1b[9999Cx", 1<<16),
	} {
		tail := NewTail()
		for part := range strings.SplitSeq(in, "x") {
			tail.Write([]byte(part))
			tail.Write([]byte("x"))
		}
		if n := len(tail.Text()); n > tailBytes {
			t.Errorf("%s: %d bytes", name, n)
		}
		if len(tail.screen.pending) != 0 {
			t.Errorf("%s: %d bytes pending", name, len(tail.screen.pending))
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"a\r\nb\tc", "10%\r50%\rdone", "\x1b[2K\x1b[1A\x1b]0;t\x07数\x1b[1Dx", "\u009b1;2Hx\u009d\u009c", "\xff\x80\x1b", "a\u0301\u202e\b\b\x1b[5Ce\u0302",
		"\t\u0301\r\u0301", "\x1b[J\x1b[2J\x1b[1K\x1b[5G\u0301", "\x1bPq\x1b[", "数据\rä\x1b[1K",
	} {
		f.Add(s, uint16(3))
	}
	f.Fuzz(func(t *testing.T, in string, at uint16) {
		for name, clean := range map[string]func(string) string{"Text": Text, "Line": Line, "Message": Message} {
			got := clean(in)
			if !utf8.ValidString(got) {
				t.Errorf("%s: %q is not UTF-8", name, got)
			}
			if i := strings.IndexFunc(got, func(r rune) bool {
				return unicode.IsControl(r) && (r != '\n' && r != '\t' || name == "Line") || unicode.Is(unicode.Bidi_Control, r)
			}); i >= 0 {
				t.Errorf("%s: %q has %q", name, got, got[i:])
			}
			if again := clean(got); again != got {
				t.Errorf("%s: %q of %q, and then %q", name, got, in, again)
			}
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		cut := min(int(at), len(in))
		w.Write([]byte(in[:cut]))
		w.Write([]byte(in[cut:]))
		w.Close()
		if got, want := strings.TrimRight(out.String(), "\n"), strings.TrimRight(Text(in), "\n"); len(in) < longestLine && got != want {
			t.Errorf("%q in two parts is %q, want %q", in, got, want)
		}
	})
}
