// Package clean makes text of unknown origin safe to show: what programs print, and names in specs,
// files and metrics.
//
// Such text may hold terminal escapes, carriage returns, characters that change the direction of
// text, and bytes that are not UTF-8. They could hide words, imitate foil's own lines or control a
// terminal.
//
// Text, Writer and Tail treat text as a terminal does: a carriage return overwrites the line, so
// that of a progress bar only its last state is left. They are for the output of programs. Message
// and Line are for text that contains foil's own words, which foreign text must not overwrite: they
// remove escapes and mark other control characters. Line has no line ends and no tabs.
//
// The promise: the result is valid UTF-8. Its only control characters are newlines and tabs, and it
// has no invisible characters that change the order of other characters. To clean it again changes
// nothing.
package clean
