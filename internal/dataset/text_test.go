package dataset

import (
	"strings"
	"testing"
)

func TestEncodingOfMovieTitles(t *testing.T) {
	const toys, amelie, metro = "1::Toys::A\n", "2::Am\xe9lie::B\n", "3::M\u00e9tro ☂::C\n"
	for _, c := range []struct {
		name, text string
		want       string // titles, or a part of the error
	}{
		{"Latin-1 as published", toys + amelie, "Toys, Amélie"},
		{"UTF-8 throughout", toys + metro, "Toys, Métro ☂"},
		{"UTF-8 of one line", "1::Ç’est::A", "Ç’est"},
		{"neither", toys, "Toys"},
		{"an ideographic title", "1::千と千尋::A", "千と千尋"},
		{"a replacement character", "1::\ufffd::A", "\ufffd"},
		{"Latin-1 of all letters", "1::\xc0\xff \xa1\xbf::A", "Àÿ ¡¿"},
		{"Latin-1 that ends in a lead byte", "1::\xc3::A", "Ã"},
		{"byte order mark", byteOrderMark + toys + metro, "Toys, Métro ☂"},
		{"byte order mark and CR LF", byteOrderMark + strings.ReplaceAll(toys+metro, "\n", "\r\n"), "Toys, Métro ☂"},
		{"empty lines at the end", toys + amelie + "\n\n\r\n\n", "Toys, Amélie"},
		{"no end of line", "1::Toys::A", "Toys"},

		{"Latin-1 below UTF-8", toys + metro + amelie, `movies.dat:3: the line is not UTF-8, but line 2 is`},
		{"UTF-8 below Latin-1", amelie + toys + metro, `movies.dat:1: the line is not UTF-8, but line 3 is`},
		{"both in one line", toys + "2::Am\xe9lie à Paris::B\n", `movies.dat:2: the line is partly UTF-8 and partly another encoding`},
		{"both in one line, among Latin-1", amelie + "3::M\u00e9tro caf\xe9::B\n", `movies.dat:2: the line is partly UTF-8`},
		{"cut in a character", "1::M\u00e9tro::A\n2::\xc3", `movies.dat:2: the line is not UTF-8, but line 1 is`},
		{"byte order mark above Latin-1", byteOrderMark + toys + amelie, `movies.dat:2: the line is not UTF-8, but the file begins with the byte order mark`},
		{"UTF-16", "\xff\xfe1\x00:\x00", `movies.dat is UTF-16 text; convert it`},
		{"UTF-16, the other way", "\xfe\xff\x001\x00:", `movies.dat is UTF-16 text; convert it`},
		{"an empty line in the middle", toys + "\n" + amelie, `movies.dat:2: 1 fields in ""`},
		{"a byte order mark in the middle", toys + byteOrderMark + metro, `movies.dat:2: movie is "\ufeff3"`},
	} {
		raw := tiny()
		raw[MoviesFile] = []byte(c.text)
		raw[RatingsFile] = []byte("1::1::3::978300760\n")
		m, err := ParseMovieLens(raw)
		if strings.HasPrefix(c.want, "movies.dat") {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error is %v, wants %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			if !strings.Contains(err.Error(), "movie 1 is not in") {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var titles []string
		for _, movie := range m.Movies {
			titles = append(titles, movie.Title)
		}
		if got := strings.Join(titles, ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Every text file of both data sets may begin with a byte order mark, end in empty lines, and have
// CR LF.
func TestTextFilesAsEditorsWriteThem(t *testing.T) {
	for _, c := range []struct {
		name  string
		raw   Raw
		parse func(Raw) (any, error)
	}{
		{"MovieLens", tiny(), func(r Raw) (any, error) { return ParseMovieLens(r) }},
		{"LFM", tinyLFM(), func(r Raw) (any, error) { return ParseLFM(r) }},
		{"CIFAR-100", tinyCIFAR(CIFAR100), func(r Raw) (any, error) { return CIFAR100.Parse(r) }},
	} {
		want, err := c.parse(c.raw)
		if err != nil {
			t.Fatal(err)
		}
		for file, content := range c.raw {
			if strings.HasSuffix(file, ".bin") {
				continue
			}
			text := strings.TrimRight(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n")
			for name, changed := range map[string]string{
				"CR LF":                  strings.ReplaceAll(text, "\n", "\r\n"),
				"CR LF at the end, too":  strings.ReplaceAll(text, "\n", "\r\n") + "\r\n",
				"empty lines at the end": text + "\n\n\n",
				"empty CR LF lines":      text + "\r\n\r\n",
			} {
				raw := Raw{}
				for k, v := range c.raw {
					raw[k] = v
				}
				raw[file] = []byte(changed)
				if got, err := c.parse(raw); err != nil || !sameJSON(t, got, want) {
					t.Errorf("%s, %s with %s: %v", c.name, file, name, err)
				}
				if file == MoviesFile {
					continue // Latin-1, so no byte order mark
				}
				raw[file] = []byte(byteOrderMark + changed)
				if got, err := c.parse(raw); err != nil || !sameJSON(t, got, want) {
					t.Errorf("%s, %s with a byte order mark and %s: %v", c.name, file, name, err)
				}
			}
		}
	}
}

func FuzzLatin1OrUTF8(f *testing.F) {
	f.Add([]byte("1::Am\xe9lie::B\n3::M\u00e9tro::C"), false)
	f.Add([]byte("\xc3\n\xa9"), true)
	f.Fuzz(func(t *testing.T, b []byte, strict bool) {
		read, err := latin1OrUTF8("x", b, strict)
		if err != nil {
			return
		}
		got := read(b)
		if n := len([]rune(got)); n > len(b) || strict && got != string(b) {
			t.Errorf("%q is %q", b, got)
		}
	})
}
