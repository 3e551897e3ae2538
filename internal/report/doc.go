// Package report shows what an audit found, and the settings it was found in:
// as text for a terminal, as one HTML page that needs nothing else, as JSON
// (audit-report.schema.json) and as CSV. Every value in a bundle is hostile
// here: what could steer a terminal, a browser or a spreadsheet, or show a text
// in another order than it is stored, stands as a visible escape. No secret
// comes near this package; it sees markers only.
package report
