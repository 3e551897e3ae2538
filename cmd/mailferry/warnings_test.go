package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestWarningsOfOneKindAreOneLine(t *testing.T) {
	var out bytes.Buffer
	e := &env{stderr: &out}
	for i := range 500 {
		e.warning(schema.Warning{Noun: "connection", Name: fmt.Sprintf("connection %q", fmt.Sprint("Desk ", i)), What: "no secret: column PASSWD holds ciphertext"})
		if i == 0 {
			e.warning(schema.Warning{In: "a.csv", What: "read as UTF-16"})
			e.warning(schema.Warning{In: "a.csv", Noun: "cell", Name: "row 2, Port", What: "begins with a blank"})
		}
	}
	e.showWarnings()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 || len(lines[0]) > 200 ||
		!strings.HasPrefix(lines[0], `mailferry: warning: 500 connections: no secret: column PASSWD holds ciphertext: "Desk 0", "Desk 1", `) ||
		!strings.HasSuffix(lines[0], " more") || lines[1] != "mailferry: warning: a.csv: read as UTF-16" ||
		lines[2] != "mailferry: warning: a.csv: row 2, Port: begins with a blank" {
		t.Errorf("%q", lines)
	}
	out.Reset()
	e.verbose = true
	for i := range 500 {
		e.warning(schema.Warning{Noun: "cell", Name: fmt.Sprintf("row %d, Port", i), What: "x"})
	}
	if e.showWarnings(); !strings.Contains(out.String(), "row 499, Port") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%q", out.String())
	}
}
