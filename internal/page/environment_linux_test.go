package page

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

func TestNoProcessOfTheBrowserSeesASecret(t *testing.T) {
	const canary = "canary-of-the-environment"
	for _, name := range []string{"PGPASSWORD", "MYSQL_PWD", "MAILFERRY_CLOUD_TOKEN", "JIRA_API_TOKEN"} {
		t.Setenv(name, canary)
	}
	t.Setenv("HTTPS_PROXY", "http://anna:"+canary+"@127.0.0.1:1")
	site := newSite(t)
	b := open(t, Options{})
	rig.Get(b.Goto(t.Context(), site.framed("fields.html"))).Or(t)
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	rig.OK(t, err)
	seen := 0
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || !descends(pid, b.link.Process().Pid) {
			continue
		}
		env, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		seen++
		for _, entry := range bytes.Split(env, []byte{0}) {
			if name, value, _ := strings.Cut(string(entry), "="); strings.Contains(value, canary) {
				t.Errorf("a process of the browser sees %s", name)
			}
		}
	}
	if seen < 3 {
		t.Errorf("only %d processes were looked at", seen)
	}
}

// descends reports whether a process is another or was started by it, directly or not.
func descends(pid, from int) bool {
	for ; pid > 1; pid = parentOf(pid) {
		if pid == from {
			return true
		}
	}
	return false
}

func parentOf(pid int) int {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return parent
}
