package page

import (
	"strings"
	"testing"
)

// A list that is cut without a word loses connections.
func TestAListBeyondTheBoundIsRefusedRatherThanCut(t *testing.T) {
	for _, role := range []string{"table", "list"} {
		for rows, refused := range map[int]bool{maxRows: false, maxRows + 1: true, maxRows + 9: true} {
			list := &node{role: role, backend: 1}
			for range rows {
				row := &node{role: "listitem", backend: 1, parent: list}
				if role == "table" {
					row.role = "row"
					row.children = []*node{{role: "cell", name: "a", backend: 1, parent: row}}
				}
				list.children = append(list.children, row)
			}
			root := &node{role: "RootWebArea", children: []*node{list}}
			list.parent = root
			v := &Look{full: root, root: root}
			got, err := v.table(nil)
			switch {
			case refused && (err == nil || !strings.Contains(err.Error(), "more than 20000 rows")):
				t.Errorf("%s of %d: %v", role, rows, err)
			case !refused && (err != nil || len(got.rows) != rows):
				t.Errorf("%s of %d: %v", role, rows, err)
			}
		}
	}
}
