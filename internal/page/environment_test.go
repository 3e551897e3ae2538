package page

import (
	"slices"
	"testing"
)

func TestTheBrowserInheritsWhatItNeeds(t *testing.T) {
	for name, all := range map[string][]string{
		"linux":   {"HOME=/home/anna", "PATH=/bin", "LC_ALL=C", "XDG_RUNTIME_DIR=/run/user/1", "WAYLAND_DISPLAY=wayland-0", "DISPLAY=:0", "DBUS_SESSION_BUS_ADDRESS=unix:x"},
		"macOS":   {"HOME=/Users/anna", "TMPDIR=/var/folders/x", "__CF_USER_TEXT_ENCODING=0x1F5:0:0", "LANG=de_DE.UTF-8"},
		"Windows": {`SystemRoot=C:\Windows`, `windir=C:\Windows`, `ProgramFiles(x86)=C:\Program Files (x86)`, `LOCALAPPDATA=C:\Users\anna\x`, `Path=C:\Windows`, `TEMP=C:\x`},
		"proxies": {"HTTPS_PROXY=http://proxy.corp.example:3128", "http_proxy=proxy:3128", "no_proxy=localhost,.corp.example", "ALL_PROXY=socks5://[::1]:1080"},
	} {
		if got := environment(all); !slices.Equal(got, all) {
			t.Errorf("%s: kept %q of %q", name, got, all)
		}
	}
	got := environment([]string{"PGPASSWORD=x", "pgpassword=x", "MYSQL_PWD=x", "MAILFERRY_CLOUD_TOKEN=x", "AWS_SECRET_ACCESS_KEY=x", "SSLKEYLOGFILE=/tmp/x", "SSH_AUTH_SOCK=/x",
		"LD_PRELOAD=/x.so", "HOMEX=x", `=C:=C:\x`, "", "NODE_OPTIONS=x", "HTTPS_PROXY=http://anna:hun@ter2@proxy:3128/x", "http_proxy=anna:hunter2@proxy:3128"})
	if want := []string{"HTTPS_PROXY=http://proxy:3128/x", "http_proxy=proxy:3128"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}
