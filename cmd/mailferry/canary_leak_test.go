package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// leakSwitch makes the tests' mailferry leak a secret in a way of leakWays. The
// released program knows nothing of it.
const leakSwitch = "MAILFERRY_TEST_LEAK"

// leakWays are the ways in which a careless command could let a secret out.
func leakWays() []string {
	return []string{"stdout", "stderr", "json", "url", "base64", "hex", "file", "file name", "command line"}
}

// testMain is main for the tests: the same, but for the switch. A leak comes with
// a command that has ended.
func testMain() {
	way := os.Getenv(leakSwitch)
	if way == "" {
		main()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := processEnv().run(ctx, os.Args)
	leak(way, openedLast(os.Args))
	os.Exit(code)
}

// openedLast opens the bundle of a command line that ends with -i KEY BUNDLE.
func openedLast(args []string) *sealed.Opened {
	last := len(args) - 1
	key, err := os.Open(args[last-1])
	if err != nil {
		panic(err)
	}
	ids, err := sealed.Keys{}.Identities(key, nil)
	if err != nil {
		panic(err)
	}
	file, err := os.Open(args[last])
	if err != nil {
		panic(err)
	}
	o, err := sealed.Open(file, ids, transform.Rerun)
	if err != nil {
		panic(err)
	}
	return o
}

func leak(way string, o *sealed.Opened) {
	secret := ""
	for _, it := range o.Bundle.Items(schema.Connections) {
		if s := o.Secret(schema.Connections, it.ItemName()); !s.IsZero() {
			secret = s.Reveal()
		}
	}
	switch way {
	case "stdout":
		fmt.Println("found", secret)
	case "stderr":
		fmt.Fprintf(os.Stderr, "level=DEBUG msg=opened password=%q\n", secret)
	case "json":
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"password": secret})
	case "url":
		fmt.Println("https://cloud.example.com/?p=" + url.QueryEscape(secret))
	case "base64":
		fmt.Println("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret)))
	case "hex":
		fmt.Printf("%x\n", secret)
	case "file":
		_ = os.WriteFile(".leak.tmp", []byte(secret), 0o600)
	case "file name":
		_ = os.WriteFile("leak-"+url.PathEscape(secret), nil, 0o600)
	case "command line":
		_ = exec.Command("age-plugin-canary", "--password", secret).Run()
	}
}
