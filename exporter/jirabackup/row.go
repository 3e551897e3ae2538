package jirabackup

import "fmt"

// readRow reads the row just opened and hands it to the caller.
func (t *tableReader) readRow(table *Table) error {
	t.values = t.values[:0]
	size := 0
	err := t.children(func() error {
		i := len(t.values)
		if i == len(table.Columns) {
			return t.errorAt(t.pos, "more values than the table's %d columns", i)
		}
		v, err := t.value()
		if err != nil {
			return fmt.Errorf("column %.100q: %w", table.Columns[i], err)
		}
		if size += len(v.text); size > maxRow {
			return t.errorAt(t.pos, "values are longer than %d MiB together", maxRow>>20)
		}
		t.values = append(t.values, v)
		return nil
	})
	if err != nil {
		return err
	}
	if len(t.values) < len(table.Columns) {
		return t.errorAt(t.pos, "%d values for %d columns", len(t.values), len(table.Columns))
	}
	if err := t.row(table.Name, table.Columns, t.values); err != nil {
		return &rowError{err}
	}
	return nil
}

// value reads the value just opened.
func (t *tableReader) value() (Value, error) {
	kind, ok := kindOf(t.local)
	if !ok {
		return Value{}, t.errorAt(t.pos, "<%s> is no kind of value", t.top())
	}
	null, err := t.isNull()
	if err != nil {
		return Value{}, err
	}
	t.text = t.text[:0]
	mode := textKeep
	switch {
	case null:
		mode = textBlank
	case kind == Binary:
		mode = textSkip
	}
	tok, err := t.next(mode)
	if err != nil {
		return Value{}, err
	}
	if tok != tokenEnd {
		return Value{}, t.errorAt(t.pos, "<%s> inside a value", t.top())
	}
	v, err := newValue(kind, null, t.text)
	if err != nil {
		return Value{}, t.errorAt(t.pos, "%w", err)
	}
	return v, nil
}

// isNull reads xsi:nil, whatever prefix its namespace has.
func (t *tableReader) isNull() (bool, error) {
	raw, ok := t.attribute(nsXSI, "nil")
	switch {
	case !ok, string(raw) == "false", string(raw) == "0":
		return false, nil
	case string(raw) == "true", string(raw) == "1":
		return true, nil
	}
	return false, t.errorAt(t.pos, "nil is neither true nor false")
}
