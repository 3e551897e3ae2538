package jirabackup

import (
	"fmt"
	"strings"
)

// A Kind is the type that a backup gives a value. It is the exporter's choice
// and differs between databases: what is a boolean on PostgreSQL is an integer
// on Oracle.
type Kind uint8

// The kinds that the exporter writes.
const (
	String Kind = iota + 1
	Integer
	Boolean
	Double
	Timestamp // UTC, yyyy-MM-dd'T'HH:mm:ss.SSS'Z'
	Binary    // its content is skipped
)

// String gives the kind's element name.
func (k Kind) String() string {
	switch k {
	case String:
		return "string"
	case Integer:
		return "integer"
	case Boolean:
		return "boolean"
	case Double:
		return "double"
	case Timestamp:
		return "timestamp"
	case Binary:
		return "binary"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

func kindOf(element []byte) (Kind, bool) {
	for k := String; k <= Binary; k++ {
		if string(element) == k.String() {
			return k, true
		}
	}
	return 0, false
}

// A Value is one value of a row. It may be a password, so it does not print:
// formatting it shows its kind only, and Text is the way to its content.
type Value struct {
	Kind Kind
	Null bool
	text string
}

// Text is the value as text, with every escaping undone: "" for NULL and for
// binary, whose content is not kept. A string may hold any character, U+0000
// included. An integer is a decimal of any length, a boolean "true" or "false".
func (v Value) Text() string { return v.text }

// Bool is the value as a boolean; Oracle's backups write those as the integers
// 0 and 1. It is an error for every other value, NULL included.
func (v Value) Bool() (bool, error) {
	if !v.Null && (v.Kind == Boolean || v.Kind == Integer) {
		switch v.text {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	}
	return false, fmt.Errorf("is no boolean: %v", v)
}

// String shows the kind, never the content.
func (v Value) String() string {
	if v.Null {
		return v.Kind.String() + " NULL"
	}
	return v.Kind.String()
}

// GoString shows no more than String.
func (v Value) GoString() string { return v.String() }

// newValue makes a value from an element's character data. Errors do not show it.
func newValue(k Kind, null bool, data []byte) (Value, error) {
	v := Value{Kind: k, Null: null}
	if null || k == Binary {
		return v, nil
	}
	var err error
	if v.text, err = unescape(data); err != nil {
		return Value{}, err
	}
	if k == String {
		return v, nil
	}
	v.text = strings.Trim(v.text, " \t\r\n")
	switch {
	case v.text == "":
		return Value{}, fmt.Errorf("is an empty %s", k)
	case k == Integer && !isInteger(v.text):
		return Value{}, fmt.Errorf("is no integer")
	case k == Boolean && v.text != "true" && v.text != "false":
		return Value{}, fmt.Errorf("is neither true nor false")
	}
	return v, nil
}

func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}
