package database

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// clientGroups are the groups of an option file that every client of MariaDB's
// or MySQL's reads, in any case.
var clientGroups = []string{"client", "client-server", "client-mariadb"}

// optionFile reads option files as my_print_defaults does. It keeps nothing but
// the password.
type optionFile struct {
	password string
	from     string // the file that has it; "" for none
}

// read reads one file and what it includes. Errors name the file and the line,
// never what stands there.
func (o *optionFile) read(path string, level int) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 && filepath.Separator == '/' {
		return nil // anybody may have written it: MariaDB's clients ignore it
	}
	if info.Size() > maxOptionFile {
		return fmt.Errorf("%s is too long for an option file", schema.Quote(path))
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	group, found, number := "", false, 0
	lines := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(string(raw), "\ufeff")))
	lines.Buffer(nil, maxOptionFile+1)
	for lines.Scan() {
		number++
		line := trim(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '!':
			err = o.directive(trim(line[1:]), level)
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				err = errors.New("a group without ]")
			}
			found = true
			group = trim("[" + name)[1:] // a blank in front is part of the name
		case !found:
			err = errors.New("an option before any [group]")
		case slices.ContainsFunc(clientGroups, func(g string) bool { return strings.EqualFold(g, group) }):
			o.option(path, line)
		}
		if err != nil {
			return fmt.Errorf("%s line %d: %w", schema.Quote(path), number, err)
		}
	}
	return lines.Err()
}

// trim takes off what the clients take for blanks, byte by byte: in Latin-1, where
// also the last byte of à in UTF-8 is one.
func trim(s string) string {
	blank := func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }
	for s != "" && blank(s[0]) {
		s = s[1:]
	}
	for s != "" && blank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// directive follows !include and !includedir. As with the clients, a file that
// cannot be opened is none; a folder that cannot is an error.
func (o *optionFile) directive(text string, level int) error {
	end := strings.IndexAny(text, " \t\v\f")
	if end < 0 || level >= maxIncludes {
		return nil
	}
	files := []string{trim(text[end:])}
	switch text[:end] {
	case "include":
	case "includedir":
		entries, err := os.ReadDir(files[0])
		if err != nil {
			return err
		}
		folder := files[0]
		files = nil
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".cnf" {
				files = append(files, filepath.Join(folder, e.Name()))
			}
		}
	default:
		return nil
	}
	for _, f := range files {
		if err := o.read(f, level+1); err != nil && !errors.Is(err, fs.ErrNotExist) &&
			!errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// option takes the password, whatever short form its name has. The last counts.
func (o *optionFile) option(path, line string) {
	name, value, given := splitOption(line)
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for {
		rest, loose := strings.CutPrefix(name, "loose-")
		if !loose {
			break
		}
		name = rest
	}
	for _, off := range []string{"skip-", "disable-"} {
		if rest, cut := strings.CutPrefix(name, off); cut {
			name, value, given = rest, "", true
		}
	}
	// pa is ambiguous to the clients: there is pager too.
	if len(name) < len("pas") || !strings.HasPrefix("password", name) {
		return
	}
	o.password, o.from = value, path
	if !given || value == "" {
		o.from = "" // it is asked for
	}
}

// splitOption splits a line at its =, after its comment is cut off, which begins
// at a # outside of quotes.
func splitOption(line string) (name, value string, given bool) {
	var quote byte
	escaped := false
	for i := range len(line) {
		c := line[i]
		if (c == '\'' || c == '"') && !escaped {
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		}
		if quote == 0 && c == '#' {
			line = line[:i]
			break
		}
		escaped = quote != 0 && c == '\\' && !escaped
	}
	name, value, given = strings.Cut(line, "=")
	name, value = trim(name), trim(value)
	if n := len(value); n > 1 && (value[0] == '\'' || value[0] == '"') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return name, optionEscapes.Replace(value), given
}

// optionEscapes are the escapes of values; a backslash before anything else is
// kept.
var optionEscapes = strings.NewReplacer(`\b`, "\b", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\s`, " ", `\\`, `\`,
	`\"`, `"`, `\'`, "'")
