package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	addr "github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/proxy"
	"github.com/mailferry/mailferry/schema"
)

// Options say which browser to drive. The zero value is an installed browser without a window,
// with a profile folder that is made for the run and removed after it.
type Options struct {
	// Browser is the program to start. When empty, Chrome, Edge and Chromium are looked for
	// where they usually are.
	Browser string
	// Headed opens a real window, in which a person can sign in.
	Headed bool
	// Attach is a DevTools address on this machine (a port, host:port, http:// or ws:// URL) of
	// a browser that a person started with remote debugging. Work happens in a tab of its own.
	// An address on another machine is refused: whoever can listen on the way could read every
	// password typed.
	Attach string
	// ProfileDir keeps cookies between runs, so that a person need not sign in each time. It
	// holds live sessions: treat it as a secret. It is made with mode 0700 when missing.
	ProfileDir string
	// Timeout bounds each wait; 0 means DefaultTimeout. Waiting for a person has no limit but
	// the context's.
	Timeout time.Duration
}

// Browser is one running browser and the tab in it that is worked in. It is for one goroutine at a time.
type Browser struct {
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	link    *chromedp.Browser
	page    *Page
	parts   int // the most that one list may have
}

// Open starts a browser, or attaches to one. The browser lives until Close or until ctx ends. A
// browser that was started here talks over a pipe, not over a port that other programs could
// reach, and sees of this program's environment what it needs alone.
func Open(ctx context.Context, options Options) (*Browser, error) {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	allocator, stop, err := allocate(ctx, options)
	if err != nil {
		return nil, err
	}
	// chromedp's log functions get protocol messages, and those hold passwords: none of them may print.
	silent := func(string, ...any) {}
	browserCtx, cancel := chromedp.NewContext(allocator, chromedp.WithNewWindow(false), chromedp.WithBrowserOption(
		chromedp.WithBrowserLogf(silent), chromedp.WithBrowserErrorf(silent), chromedp.WithBrowserDebugf(silent)))
	b := &Browser{options: options, parts: maxParts, ctx: browserCtx, cancel: func() { cancel(); stop() }}
	if _, err := chromedp.CallBrowser(browserCtx, browser.GetVersion, cdp.Empty{}); err != nil {
		b.cancel()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if options.Attach != "" {
			return nil, schema.Hint(fmt.Errorf("attach to the browser at %s: %w", addr.Shown(options.Attach),
				root(err)),
				"start the browser with --remote-debugging-port=9222 and a --user-data-dir of its own")
		}
		if errors.Is(err, chromedp.ErrNoDisplay) {
			return nil, errors.New("start the browser: a window needs a display, and there is none here")
		}
		// The browser's own last words may be many, and come from the machine's configuration.
		return nil, schema.Hint(fmt.Errorf("start the browser: %s", Clean(err.Error())),
			"is another browser using the same profile folder?")
	}
	b.link = chromedp.FromContext(browserCtx).Browser
	b.page = newPage(b)
	if options.Attach == "" {
		// A page could otherwise leave files in the person's own folder. A lent browser stays
		// as the person has set it.
		deny := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny}
		if err := b.do(ctx, browser.SetDownloadBehavior.Method, deny, nil); err != nil {
			b.cancel()
			return nil, err
		}
	}
	if b.page.tab, err = b.openTab(ctx); err != nil {
		b.cancel()
		return nil, err
	}
	return b, nil
}

// openTab takes the tab that a new browser starts with, or opens one beside those of the person
// who lent the browser.
func (b *Browser) openTab(ctx context.Context) (*session, error) {
	var opts []chromedp.ContextOption
	if b.options.Attach == "" {
		var list target.GetTargetsResult
		if err := b.do(ctx, target.GetTargets.Method, target.GetTargetsParams{}, &list); err != nil {
			return nil, err
		}
		for _, info := range list.TargetInfos {
			if info.Type == "page" {
				opts = append(opts, chromedp.WithTargetID(info.TargetID))
				break
			}
		}
	}
	// A browser takes its time to start, however short the waits for its pages are to be.
	tab, err := attach(ctx, b.ctx, max(b.options.Timeout, DefaultTimeout), b.page, opts...)
	if err == nil {
		tab.limit = b.options.Timeout
	}
	return tab, err
}

// Close ends the browser, or, when attached, closes the tab that was opened and leaves the
// browser to the person. A profile folder of the run's own is removed.
func (b *Browser) Close() {
	if b.options.Attach == "" && b.ctx.Err() == nil {
		// Only a browser that ends by itself writes its cookies to the profile, and takes what
		// it has in the folder for temporary files with it.
		limit := b.options.Timeout
		if b.options.ProfileDir == "" {
			limit = min(limit, 3*time.Second)
		}
		ctx, cancel := context.WithTimeout(b.ctx, limit)
		defer cancel()
		_ = chromedp.Cancel(ctx)
	}
	b.page.tab.end(nil)
	b.cancel()
}

// do sends a command to the browser itself rather than to a page.
func (b *Browser) do(ctx context.Context, method string, params, result any) error {
	return ask(ctx, b.ctx, b.options.Timeout, b.link, method, params, result)
}

func allocate(ctx context.Context, options Options) (context.Context, context.CancelFunc, error) {
	if options.Attach != "" {
		address, err := devToolsURL(ctx, options.Attach)
		if err != nil {
			return nil, nil, err
		}
		allocator, stop := remote.NewAllocator(ctx, address, remote.NoModifyURL)
		return allocator, stop, nil
	}
	if _, err := proxy.FromEnvironment(); err != nil {
		return nil, nil, err // the browser would pass over it and connect directly
	}
	program := options.Browser
	if program == "" {
		if program = findBrowser(); program == "" {
			return nil, nil, schema.Hint(errors.New("found no Chrome, Edge or Chromium on this machine"),
				"install one, or name it with --browser PATH")
		}
	} else if _, err := exec.LookPath(program); err != nil {
		return nil, nil, fmt.Errorf("browser %s: %w", program, err)
	}
	flags := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	flags = append(flags,
		chromedp.ExecPath(program),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-features", "Translate,PasswordManagerOnboarding,AutofillServerCommunication"),
		chromedp.WindowSize(1400, 1000),
		chromedp.NoInheritEnv, chromedp.Env(environment(os.Environ())...),
	)
	if options.Headed {
		flags = append(flags, chromedp.VisibleWindow) // signing in may take a window of its own
	} else {
		flags = append(flags, chromedp.Flag("disable-popup-blocking", false))
	}
	if options.ProfileDir != "" {
		if err := os.MkdirAll(options.ProfileDir, 0o700); err != nil {
			return nil, nil, fmt.Errorf("browser profile: %w", err)
		}
		dir, err := filepath.Abs(options.ProfileDir)
		if err == nil {
			err = keepNoPasswords(dir)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("browser profile: %w", err)
		}
		flags = append(flags, chromedp.UserDataDir(dir))
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, flags...)
	return allocator, stop, nil
}

// keepNoPasswords turns the password store of a new profile off, so that the browser does not
// even offer to keep what is typed.
func keepNoPasswords(profile string) error {
	settings := filepath.Join(profile, "Default", "Preferences")
	if _, err := os.Stat(settings); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		return err
	}
	return os.WriteFile(settings, []byte(`{"credentials_enable_service":false,"profile":{"password_manager_enabled":false}}`), 0o600)
}

// findBrowser looks for a browser that speaks DevTools where installers put it, and then in PATH.
func findBrowser() string {
	var places []string
	switch runtime.GOOS {
	case "darwin":
		for _, app := range []string{"Google Chrome", "Microsoft Edge", "Chromium"} {
			places = append(places, "/Applications/"+app+".app/Contents/MacOS/"+app)
		}
	case "windows":
		for _, base := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			for _, path := range []string{`Google\Chrome\Application\chrome.exe`,
				`Microsoft\Edge\Application\msedge.exe`, `Chromium\Application\chrome.exe`} {
				places = append(places, filepath.Join(os.Getenv(base), path))
			}
		}
	default:
		places = []string{"google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable",
			"chromium", "chromium-browser", "/snap/bin/chromium"}
	}
	for _, place := range places {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	return ""
}

// root is what lies behind all that the libraries say around an error: they repeat the address.
func root(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// devToolsURL turns what a person gave into the browser's websocket address and refuses
// whatever is not on this machine, the address that the browser itself names included.
func devToolsURL(ctx context.Context, given string) (string, error) {
	text := strings.TrimSpace(given)
	if _, err := net.LookupPort("tcp", text); err == nil && !strings.ContainsAny(text, ":/.") {
		text = "127.0.0.1:" + text
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	address, err := url.Parse(text)
	if err != nil || address.User != nil {
		return "", errors.New("the browser's address is not a port or a DevTools URL")
	}
	if err := loopback(address); err != nil {
		return "", err
	}
	if address.Scheme == "ws" && strings.Contains(address.Path, "/devtools/browser/") {
		return address.String(), nil
	}
	query := url.URL{Scheme: "http", Host: address.Host, Path: "/json/version"}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, query.String(), nil)
	if err != nil {
		return "", err
	}
	client := http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true}, // never through a proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("a browser does not redirect") },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", schema.Hint(fmt.Errorf("no browser answers at %s: %w", address.Host, err),
			"start it with --remote-debugging-port=9222 and a --user-data-dir of its own")
	}
	defer response.Body.Close()
	var version struct {
		Socket string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&version); err != nil {
		return "", fmt.Errorf("what answers at %s is no browser", address.Host)
	}
	socket, err := url.Parse(version.Socket)
	if err != nil || socket.Scheme != "ws" {
		return "", fmt.Errorf("what answers at %s is no browser", address.Host)
	}
	if err := loopback(socket); err != nil {
		return "", err
	}
	return socket.String(), nil
}

func loopback(address *url.URL) error {
	if address.Scheme != "http" && address.Scheme != "ws" {
		return fmt.Errorf("the browser's address must be a port, http:// or ws://, not %s://", Clean(address.Scheme))
	}
	if host := address.Hostname(); !addr.Loopback(host) {
		return schema.Hint(fmt.Errorf("refusing to attach to a browser on %s, which is not this machine",
			Clean(addr.Shown(host))),
			"start the browser here, or reach it through a tunnel that ends on 127.0.0.1")
	}
	return nil
}
