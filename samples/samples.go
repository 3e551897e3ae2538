// Package samples holds a made-up site as Server has it: sheets of the admin
// panel, a Jira backup of the same content, a profile for it, the client secrets
// that the backup does not give, and the password that neither has; and a policy
// for its audit. The demo and the tests walk on them; no value in them is real.
package samples

import "embed"

//go:embed server-connections.csv server-credentials.csv secrets.csv legal.csv profile.json policy.json jira-backup.zip
var files embed.FS

// Files returns the sample files by the names that the demo uses.
func Files() map[string][]byte {
	out := map[string][]byte{}
	for as, name := range map[string]string{
		"connections.csv": "server-connections.csv",
		"credentials.csv": "server-credentials.csv",
		"secrets.csv":     "secrets.csv",
		"legal.csv":       "legal.csv",
		"profile.json":    "profile.json",
		"policy.json":     "policy.json",
		"jira-backup.zip": "jira-backup.zip",
	} {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: the binary itself is broken
		}
		out[as] = content
	}
	return out
}
