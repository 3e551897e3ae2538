package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mailferry/mailferry/samples"
)

// TestMain lets scripts run this very binary as mailferry.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mailferry": testMain, "age-plugin-wax": waxPlugin})
}

// TestScripts runs testdata/script/*.txtar: what each command promises, as a
// person would type it. Each script finds the samples in $SAMPLES and may set
// what the process environment would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			dir := filepath.Join(env.WorkDir, "samples")
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			for name, content := range samples.Files() {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					return err
				}
			}
			env.Setenv("SAMPLES", dir)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GORACE", os.Getenv("GORACE")) // or each process waits a second at its end
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exitcode": exitcode,
			"keys":     keys,
			"setvar":   setvar,
			"lacks":    lacks,
			"patch":    patch,
			"refuses":  refuses,
			"cut":      cut,
			"flip":     flip,
			"zipfile":  zipfile,
			"serve":    serve,
			"mailhost": mailhost,
		},
	})
}
