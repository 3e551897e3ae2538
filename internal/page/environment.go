package page

import (
	"slices"
	"strings"
)

// inherited are the variables of this program's environment that the browser's processes get,
// in capitals; see also inheritedPrefixes. All others stay here: among them are passwords of
// databases, tokens, paths of keys, and those by which a browser would write down what it
// sends.
var inherited = []string{
	// who and where
	"HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH",
	// Linux: the window, the desktop, and typing into it
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION",
	"KDE_FULL_SESSION", "KDE_SESSION_VERSION",
	"GNOME_DESKTOP_SESSION_ID", "GTK_IM_MODULE", "QT_IM_MODULE", "XMODIFIERS", "GDK_BACKEND", "GDK_SCALE",
	"GDK_DPI_SCALE", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
	// macOS
	"__CF_USER_TEXT_ENCODING",
	// Windows
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS", "TEMP", "TMP", "USERNAME", "USERDOMAIN",
	"USERPROFILE", "HOMEDRIVE", "HOMEPATH",
	"APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "ALLUSERSPROFILE", "PUBLIC", "PROGRAMFILES", "PROGRAMFILES(X86)",
	"PROGRAMW6432",
	"COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432", "COMPUTERNAME", "SESSIONNAME", "LOGONSERVER",
	"NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER",
}

var (
	inheritedPrefixes = []string{"LC_", "XDG_"}
	proxies           = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
)

// environment is what the browser gets of an environment. A proxy is named to it without user
// and password, for which it asks the person.
func environment(all []string) []string {
	var kept []string
	for _, entry := range all {
		name, value, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		switch {
		case slices.Contains(proxies, upper):
			kept = append(kept, name+"="+withoutUser(value))
		case slices.Contains(inherited, upper), slices.ContainsFunc(inheritedPrefixes,
			func(p string) bool { return strings.HasPrefix(upper, p) }):
			kept = append(kept, entry)
		}
	}
	return kept
}

// withoutUser takes a user and a password out of a proxy's address, which may stand without a scheme.
func withoutUser(proxy string) string {
	start := 0
	if i := strings.Index(proxy, "://"); i >= 0 {
		start = i + len("://")
	}
	return proxy[:start] + proxy[max(start, strings.LastIndexByte(proxy, '@')+1):]
}
