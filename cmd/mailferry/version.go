package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// versionLine is the version, the commit where the build recorded one, and the Go
// that built it. All of it is the build's own record: go install, make and a release
// need not pass it in.
func versionLine() string {
	about := []string{runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		commit, altered := "", ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = "commit " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				altered = ", altered"
			}
		}
		if commit != "" {
			about = append([]string{commit + altered}, about...)
		}
	}
	return strings.TrimPrefix(schema.Tool(), "mailferry ") + " (" + strings.Join(about, ", ") + ")"
}
