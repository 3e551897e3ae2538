//go:build unix

package dbserver

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig/mailserver"
)

// certificate writes ca.pem, server.pem and server.key: an authority and a
// certificate for 127.0.0.1 that it signed.
func certificate(t testing.TB, dir string, cred *syscall.Credential) {
	t.Helper()
	authority := mailserver.NewAuthority()
	cert, key := mailserver.PEMOf(authority.Issue("127.0.0.1", 24*time.Hour))
	for name, content := range map[string][]byte{"ca.pem": authority.PEM(), "server.pem": cert, "server.key": key} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if cred != nil {
			if err := os.Chown(file, int(cred.Uid), int(cred.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
