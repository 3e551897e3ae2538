package jirabackup

import "bytes"

// nearEnd is how close to the window's end the quick way gives up: no tag that
// it knows is longer.
const nearEnd = 64

// skipRows consumes whole rows of a <data> element from pos on, without taking
// them apart, and gives their number. It knows the rows that Jira's exporter
// writes, tag for tag, and stops before the first thing that looks otherwise or
// is not wholly in the window; next then takes over. So it decides nothing: the
// text between its tags has no '<' in it and is checked like any other, its tags
// are balanced by their sequence, and a look-alike of a tag can only stand where
// a '<' may not, or in what it does not know: comments, CDATA, attributes.
func (s *scanner) skipRows() (rows int64, err error) {
	if uri, _ := s.lookup(nil); uri != nsBackup {
		return 0, nil
	}
	_, xsi := s.lookup([]byte("xsi"))
	w := s.win
	for {
		end := skipRow(w, s.pos, xsi)
		if end < 0 {
			return rows, nil
		}
		if err := s.checkSpan(s.pos, end); err != nil {
			return rows, err
		}
		s.pos = end
		rows++
	}
}

// skipRow gives the index behind the row that begins, after character data, at
// w[p], or -1.
func skipRow(w []byte, p int, xsi bool) int {
	i := bytes.IndexByte(w[p:], '<')
	if i < 0 || len(w)-p-i < nearEnd {
		return -1
	}
	p += i
	if string(w[p:p+5]) != "<row>" {
		return -1
	}
	p += 5
	for {
		if len(w)-p < nearEnd {
			return -1
		}
		// The exporter's own indentation is known at a glance.
		if string(w[p:p+8]) == "\n      <" {
			p += 7
		} else if i := bytes.IndexByte(w[p:], '<'); i >= 0 {
			p += i
		}
		if len(w)-p < nearEnd || w[p] != '<' {
			return -1
		}
		t := w[p : p+nearEnd]
		var open, end string
		switch t[1] {
		case '/':
			if string(t[:6]) != "</row>" {
				return -1
			}
			return p + 6
		case 's':
			open, end = "<string>", "</string>"
		case 'i':
			open, end = "<integer>", "</integer>"
		case 'b':
			if open, end = "<boolean>", "</boolean>"; t[2] == 'i' {
				open, end = "<binary>", "</binary>"
			}
		case 't':
			open, end = "<timestamp>", "</timestamp>"
		case 'd':
			open, end = "<double>", "</double>"
		default:
			return -1
		}
		name := len(open) - 1
		if string(t[:name]) != open[:name] {
			return -1
		}
		if t[name] != '>' {
			const null = ` xsi:nil="true"/>`
			if !xsi || string(t[name:name+len(null)]) != null {
				return -1
			}
			p += name + len(null)
			continue
		}
		p += len(open)
		i := bytes.IndexByte(w[p:], '<')
		if i < 0 || len(w)-p-i < nearEnd {
			return -1
		}
		p += i
		if string(w[p:p+len(end)]) != end {
			return -1
		}
		p += len(end)
	}
}
