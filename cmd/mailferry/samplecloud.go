package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) sampleCloudCommand() *cli.Command {
	return &cli.Command{
		Name:      "sample-cloud",
		Usage:     "serve the sample Cloud on a loopback address",
		UsageText: "mailferry sample-cloud --addr 127.0.0.1:0 --data cloud --token-file cloud.token",
		Description: "Our picture of Cloud, not Cloud: a rehearsal in it proves the bundle and the run, not\n" +
			"the vendor's pages. Its URL is the first line on stdout, once it answers.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Usage: "listen on `HOST:PORT`; port 0 picks one", Value: "127.0.0.1:0"},
			&cli.StringFlag{Name: "data", Usage: "keep the data in `DIR`"},
			&cli.StringFlag{Name: "token-file", Usage: "write the bearer token to `FILE`, or take it from there"},
			&cli.StringSliceFlag{Name: "load", Usage: "load the sheet `FILE` with Cloud's labels first (repeatable)"},
			&cli.DurationFlag{Name: "latency", Usage: "take `TIME` for each answer"},
			&cli.Float64Flag{Name: "rate", Usage: "answer 429 above `N` writes a second"},
			&cli.Float64Flag{Name: "fail", Usage: "answer 5xx with probability `P`"},
			&cli.Float64Flag{Name: "drop", Usage: "cut the connection with probability `P`"},
		},
		Action: e.serveSampleCloud,
	}
}

func (e *env) serveSampleCloud(c *cli.Context) error {
	dir, tokenFile := c.String("data"), c.String("token-file")
	if dir == "" || tokenFile == "" {
		return schema.Hint(usage("sample-cloud: --data DIR and --token-file FILE are needed"),
			"mailferry sample-cloud --help shows an example")
	}
	opts := cloud.Options{Faults: cloud.Faults{Latency: c.Duration("latency"), Rate: c.Float64("rate"),
		Fail: c.Float64("fail"), Drop: c.Float64("drop"), Seed: 1}}
	raw, err := os.ReadFile(tokenFile)
	if err == nil {
		e.warnExposed(tokenFile, "a token")
		opts.Token = schema.NewSecret(strings.TrimSpace(string(raw)))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: cannot be read", tokenFile)
	}
	sample, err := cloud.Open(dir, opts)
	if err != nil {
		return err
	}
	defer sample.Close()
	if opts.Token.IsZero() {
		if err := safefile.Write(tokenFile, false, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, sample.Token().Reveal())
			return err
		}); err != nil {
			return err
		}
	}
	if err := e.loadSample(c, sample); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	return sample.Serve(ctx, c.String("addr"), func(url string) {
		if _, err := fmt.Fprintln(e.stdout, url); err != nil {
			stop() // nobody would ever know where it answers
			return
		}
		e.say("the sample Cloud answers; Ctrl-C ends it")
	})
}

func (e *env) loadSample(c *cli.Context, sample *cloud.Cloud) error {
	for _, f := range c.StringSlice("load") {
		raw, err := e.readFile(f)
		if err != nil {
			return err
		}
		sheets, err := sheet.Parse(raw, schema.CloudFormat, sheet.Options{Warn: sheet.In(f, e.warning)})
		if err != nil {
			return at(f, err)
		}
		var list []schema.Item
		for _, items := range sheets {
			for _, it := range items.Rows {
				list = append(list, it.Item)
			}
		}
		if err := sample.Load(c.Context, list); err != nil {
			return at(f, err)
		}
	}
	return nil
}
