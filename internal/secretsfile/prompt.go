package secretsfile

import (
	"context"
	"fmt"

	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// Prompt asks for one secret after the other without showing what is typed. An
// empty answer leaves that secret out of the result. Ctrl-C is an error that
// wraps [context.Canceled].
func Prompt(ctx context.Context, t *terminal.Terminal, wanted []schema.SecretKey) (schema.Secrets, error) {
	secrets := schema.Secrets{}
	for i, w := range wanted {
		secret, err := t.Secret(ctx, fmt.Sprintf("[%d/%d] %s of %s %s (Enter alone skips it): ",
			i+1, len(wanted), label(w.List), w.List.One(), schema.Quote(w.Name)))
		if err != nil {
			return nil, schema.Hint(err, "give the secrets in a file")
		}
		if len(secret.Reveal()) > schema.MaxSecret {
			return nil, fmt.Errorf("the secret of %s %s is longer than %d bytes", w.List.One(),
				schema.Quote(w.Name), schema.MaxSecret)
		}
		if !secret.IsZero() {
			secrets[w] = secret
		}
	}
	return secrets, nil
}

func label(l schema.List) string {
	f, _ := schema.FieldByName(schema.ServerFormat, l, schema.SecretField(l))
	return f.Label
}
