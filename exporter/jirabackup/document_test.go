package jirabackup

import (
	"strings"
)

// plainRows are rows as Jira's exporter writes them, enough of them that the
// quick way through skipped rows is taken.
func plainRows(n int) string {
	row := "    <row>\n      <integer>1</integer>\n      <string>a &lt;b&gt; c</string>\n      <string xsi:nil=\"true\"/>\n    </row>\n"
	return strings.Repeat(row, n)
}

const (
	head = `<?xml version='1.0' encoding='UTF-8'?>` + "\n" +
		`<backup xmlns="http://www.atlassian.com/ao" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n"
	three = `<column name="A"/><column name="B"/><column name="C"/>` + "\n"
)

// inSkipped puts a row between plain ones of a table that nobody wants, and a
// wanted one behind them.
func inSkipped(row string) string {
	return head + `<data tableName="AO_544E33_OTHER">` + three + plainRows(3) + row + plainRows(3) + "</data>\n" +
		`<data tableName="` + wantedTable + `">` + three + plainRows(1) + "</data>\n</backup>\n"
}

// handMade are documents for the fuzzer to start from.
func handMade() []string {
	docs := []string{"", "<", "<backup", head, head + "</backup>"}
	for _, row := range oddRows() {
		docs = append(docs, inSkipped(row))
	}
	return docs
}

func oddRows() []string {
	return []string{
		"",
		"<row><string><![CDATA[</string></row></data><data tableName=\"X\">]]></string></row>",
		"<!-- </data> --><row><string a=\"</data>\">x</string></row>",
		"<?x </data>?><row><string>a]]>b</string></row>",
		"<row><string>&nbsp;</string></row>",
		"<row><string>]]</string>></row>",
		"<row><string>a</string><integer xsi:nil=\"true\"/></row>",
		"<row><string>a</integer></row>",
		"<row><string>a</string>",
		"<row></row><row/>",
		"<row><string>\xFF</string></row>",
		"<row><string>\x0B</string></row>",
		"<row><string a='1' a='2'>x</string></row>",
	}
}
