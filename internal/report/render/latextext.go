package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A latexText turns text into LaTeX that pdflatex reads without any package: ASCII alone, and only
// macros of its default encoding. It collects the characters for which there is no such macro.
type latexText struct{ missing []string }

// escape returns s as LaTeX. A character without a macro becomes its number, such as [U+4E2D].
func (l *latexText) escape(s string) string {
	var b strings.Builder
	text := []rune(decomposed(s))
	for i := 0; i < len(text); {
		base := text[i]
		n := 1
		for i+n < len(text) && unicode.Is(unicode.Mn, text[i+n]) {
			n++
		}
		if unicode.Is(unicode.Mn, base) { // a mark without a letter stands on nothing
			b.WriteString(l.marked("", false, text[i:i+n]))
			i += n
			continue
		}
		macro, math := l.character(base)
		if base == '-' && strings.HasSuffix(b.String(), "-") { // not a dash
			macro = "{}-"
		}
		b.WriteString(l.marked(macro, math, text[i+1:i+n]))
		i += n
	}
	return b.String()
}

// decomposed splits letters with accents, but not the characters that have a macro or none at all,
// such as ≠ and Hangul syllables.
func decomposed(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		switch {
		case latexLetters[r] != "" || latexMath[r] != "" || unicode.Is(unicode.Hangul, r):
			b.WriteRune(r)
		default:
			b.WriteString(norm.NFD.String(string(r)))
		}
	}
	return b.String()
}

// character returns the macro of a character, and whether it is one of the math mode.
func (l *latexText) character(r rune) (macro string, math bool) {
	if macro, ok := latexASCII[r]; ok {
		return macro, false
	}
	if r < unicode.MaxASCII {
		return string(r), false
	}
	if macro, ok := latexLetters[r]; ok {
		return macro, false
	}
	if macro, ok := latexMath[r]; ok {
		return macro, true
	}
	switch plain := norm.NFKD.String(string(r)); {
	case unicode.Is(unicode.Cf, r): // invisible
		return "", false
	case unicode.IsSpace(r):
		return " ", false
	case plain == string(r) || unicode.Is(unicode.Hangul, r):
	case isSubscript(r):
		return "_{" + l.inMath(plain) + "}", true
	case isSuperscript(r):
		return "^{" + l.inMath(plain) + "}", true
	default: // a ligature, a letter of another width or style
		return l.escape(plain), false
	}
	return l.replace(r), false
}

func (l *latexText) inMath(s string) string {
	var b strings.Builder
	for _, r := range s {
		macro, math := l.character(r)
		if !math && unicode.IsLetter(r) {
			macro = `\mathrm{` + macro + "}"
		}
		b.WriteString(macro)
	}
	return b.String()
}

func isSubscript(r rune) bool {
	return r >= 0x2080 && r <= 0x209C || r >= 0x1D62 && r <= 0x1D6A || r == 0x2C7C
}

func isSuperscript(r rune) bool {
	return strings.ContainsRune("ªº²³¹", r) || r >= 0x2070 && r < 0x2080 ||
		r >= 0x1D2C && r < 0x1D62 || r >= 0x02B0 && r <= 0x02B8 || r >= 0x1D9B && r <= 0x1DBF || r == 0x2C7D
}

// marked puts accents on a macro, the first one innermost.
func (l *latexText) marked(macro string, math bool, marks []rune) string {
	missing := ""
	for _, m := range marks {
		accents := latexAccents
		if math {
			accents = latexMathAccents
		}
		accent, ok := accents[m]
		switch {
		case !ok:
			missing += l.replace(m)
		case !math && macro == "i":
			macro = accent + `{\i}`
		case !math && macro == "j":
			macro = accent + `{\j}`
		default:
			macro = accent + "{" + macro + "}"
		}
	}
	if math {
		macro = `\ensuremath{` + macro + "}"
	}
	return macro + missing
}

func (l *latexText) replace(r rune) string {
	l.note(r)
	return fmt.Sprintf("{[}U+%04X{]}", r)
}

func (l *latexText) note(r rune) {
	text := fmt.Sprintf("%c (U+%04X)", r, r)
	if unicode.Is(unicode.M, r) {
		text = fmt.Sprintf("the mark U+%04X", r)
	}
	if !slices.Contains(l.missing, text) {
		l.missing = append(l.missing, text)
	}
}

// Brackets and stars are braced because a row that begins with one would be read as an argument of
// the line break before it.
var latexASCII = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '&': `\&`, '%': `\%`, '$': `\$`, '#': `\#`, '_': `\_`,
	'[': "{[}", ']': "{]}", '*': "{*}", '~': `\textasciitilde{}`, '^': `\textasciicircum{}`,
	'<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`, '"': `\char34{}`, '`': "\\`{}",
}

// latexLetters are letters and punctuation of the text mode.
var latexLetters = map[rune]string{
	'\u00a0': "~", '\u2009': `\,`, '\u202f': `\,`, '\u00ad': `\-`,
	'ß': `\ss{}`, 'ẞ': "SS", 'æ': `\ae{}`, 'Æ': `\AE{}`, 'œ': `\oe{}`, 'Œ': `\OE{}`, 'ø': `\o{}`, 'Ø': `\O{}`,
	'ł': `\l{}`, 'Ł': `\L{}`, 'ı': `\i{}`, 'ȷ': `\j{}`, 'ſ': "s",
	'–': "--", '—': "---", '―': "---", '‐': "-", '‑': "-", '‒': "--",
	'‘': "`", '’': "'", '“': "``", '”': "''", '‚': ",", '„': ",,", '‹': `\textless{}`, '›': `\textgreater{}`,
	'¡': "!`", '¿': "?`", '§': `\S{}`, '¶': `\P{}`, '†': `\dag{}`, '‡': `\ddag{}`, '©': `\copyright{}`,
	'®': `\textregistered{}`, '™': `\texttrademark{}`, '£': `\pounds{}`, '…': `\dots{}`, '€': "EUR", '№': "No.",
}

// latexMath are symbols of the math mode.
var latexMath = map[rune]string{
	'α': `\alpha`, 'β': `\beta`, 'γ': `\gamma`, 'δ': `\delta`, 'ε': `\varepsilon`, 'ζ': `\zeta`, 'η': `\eta`, 'θ': `\theta`,
	'ι': `\iota`, 'κ': `\kappa`, 'λ': `\lambda`, 'μ': `\mu`, 'ν': `\nu`, 'ξ': `\xi`, 'ο': "o", 'π': `\pi`, 'ρ': `\rho`,
	'σ': `\sigma`, 'ς': `\varsigma`, 'τ': `\tau`, 'υ': `\upsilon`, 'φ': `\varphi`, 'χ': `\chi`, 'ψ': `\psi`, 'ω': `\omega`,
	'Α': `\mathrm{A}`, 'Β': `\mathrm{B}`, 'Γ': `\Gamma`, 'Δ': `\Delta`, 'Ε': `\mathrm{E}`, 'Ζ': `\mathrm{Z}`, 'Η': `\mathrm{H}`,
	'Θ': `\Theta`, 'Ι': `\mathrm{I}`, 'Κ': `\mathrm{K}`, 'Λ': `\Lambda`, 'Μ': `\mathrm{M}`, 'Ν': `\mathrm{N}`, 'Ξ': `\Xi`,
	'Ο': `\mathrm{O}`, 'Π': `\Pi`, 'Ρ': `\mathrm{P}`, 'Σ': `\Sigma`, 'Τ': `\mathrm{T}`, 'Υ': `\Upsilon`, 'Φ': `\Phi`,
	'Χ': `\mathrm{X}`, 'Ψ': `\Psi`, 'Ω': `\Omega`,
	'ϑ': `\vartheta`, 'ϕ': `\phi`, 'ϖ': `\varpi`, 'ϱ': `\varrho`, 'ϵ': `\epsilon`, 'ϰ': `\kappa`, 'ϒ': `\Upsilon`, 'ϴ': `\Theta`,
	'µ': `\mu`, '·': `\cdot`, '⋅': `\cdot`, '∙': `\bullet`, '•': `\bullet`, '°': `^{\circ}`, '′': `'`, '″': `''`,
	'±': `\pm`, '∓': `\mp`, '×': `\times`, '÷': `\div`, '−': "-", '∗': `\ast`, '∘': `\circ`, '⁄': "/", '∕': "/",
	'≤': `\leq`, '≥': `\geq`, '≠': `\neq`, '≈': `\approx`, '≡': `\equiv`, '≃': `\simeq`, '≅': `\cong`, '∼': `\sim`, '∝': `\propto`,
	'≪': `\ll`, '≫': `\gg`, '«': `\ll`, '»': `\gg`, '≺': `\prec`, '≻': `\succ`,
	'∞': `\infty`, '∂': `\partial`, '∇': `\nabla`, '∑': `\sum`, '∏': `\prod`, '∫': `\int`, '√': `\surd`, '∆': `\Delta`,
	'∈': `\in`, '∉': `\notin`, '∋': `\ni`, '⊂': `\subset`, '⊃': `\supset`, '⊆': `\subseteq`, '⊇': `\supseteq`, '∪': `\cup`, '∩': `\cap`,
	'∧': `\wedge`, '∨': `\vee`, '¬': `\neg`, '∀': `\forall`, '∃': `\exists`, '∅': `\emptyset`, '⊕': `\oplus`, '⊗': `\otimes`, '⊖': `\ominus`,
	'⊥': `\perp`, '∥': `\parallel`, '∣': `\mid`, '∠': `\angle`, '⊤': `\top`, '⊢': `\vdash`, '⊣': `\dashv`, '⊨': `\models`,
	'⋯': `\cdots`, '⋮': `\vdots`, '⋱': `\ddots`, 'ℓ': `\ell`, 'ℏ': `\hbar`, 'ℜ': `\Re`, 'ℑ': `\Im`, 'ℵ': `\aleph`, '℘': `\wp`,
	'‰': `^{0}\!/_{00}`, '‖': `\|`, '⟨': `\langle`, '⟩': `\rangle`, '⌈': `\lceil`, '⌉': `\rceil`, '⌊': `\lfloor`, '⌋': `\rfloor`,
	'★': `\star`, '☆': `\star`, '⋆': `\star`, '△': `\triangle`, '▲': `\triangle`, '◇': `\diamond`, '♠': `\spadesuit`, '♡': `\heartsuit`,
	'♢': `\diamondsuit`, '♣': `\clubsuit`, '♭': `\flat`, '♮': `\natural`, '♯': `\sharp`, '✓': `\surd`, '✔': `\surd`, '✗': `\times`, '✘': `\times`,
	'←': `\leftarrow`, '→': `\rightarrow`, '↑': `\uparrow`, '↓': `\downarrow`, '↔': `\leftrightarrow`, '↕': `\updownarrow`,
	'↖': `\nwarrow`, '↗': `\nearrow`, '↘': `\searrow`, '↙': `\swarrow`, '↦': `\mapsto`, '↩': `\hookleftarrow`, '↪': `\hookrightarrow`,
	'↼': `\leftharpoonup`, '↽': `\leftharpoondown`, '⇀': `\rightharpoonup`, '⇁': `\rightharpoondown`, '⇌': `\rightleftharpoons`,
	'⇐': `\Leftarrow`, '⇒': `\Rightarrow`, '⇑': `\Uparrow`, '⇓': `\Downarrow`, '⇔': `\Leftrightarrow`, '⇕': `\Updownarrow`,
	'⟵': `\longleftarrow`, '⟶': `\longrightarrow`, '⟷': `\longleftrightarrow`, '⟸': `\Longleftarrow`, '⟹': `\Longrightarrow`,
	'⟺': `\Longleftrightarrow`, '⟼': `\longmapsto`,
}

// latexAccents are the accents of the text mode, by their combining characters.
var latexAccents = map[rune]string{
	0x300: "\\`", 0x301: `\'`, 0x302: `\^`, 0x303: `\~`, 0x304: `\=`, 0x306: `\u`, 0x307: `\.`, 0x308: `\"`, 0x30A: `\r`,
	0x30B: `\H`, 0x30C: `\v`, 0x323: `\d`, 0x327: `\c`, 0x331: `\b`,
}

// latexMathAccents are those of the math mode.
var latexMathAccents = map[rune]string{
	0x300: `\grave`, 0x301: `\acute`, 0x302: `\hat`, 0x303: `\tilde`, 0x304: `\bar`, 0x306: `\breve`, 0x307: `\dot`, 0x308: `\ddot`,
	0x30C: `\check`, 0x338: `\not`, 0x342: `\tilde`, 0x20D7: `\vec`,
}
