package httpapi

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// idempotencyLife is how long an answer is kept for a repeated request.
const idempotencyLife = 7 * 24 * time.Hour

// Command is the part that the inputs of all mutating handlers have in common.
type Command struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"20" maxLength:"255" doc:"A fresh random value per intent, such as a UUID; repeat it when the request is repeated"`
}

// command runs a mutating request once. fn makes the change in the transaction
// that also keeps its answer under the idempotency key; when the same person
// sends the same key and input again, before or after the first has finished,
// the kept answer is returned and fn does not run. in is everything the client
// sent that matters: path values and body. Another route or input under the
// same key fails with errMismatch. An error from fn keeps nothing.
//
// Answers can hold secrets and personal data, so they are kept sealed with a
// key that is derived from the idempotency key; of that only a hash is kept.
func command[T any](ctx context.Context, s *Server, key, route string, in any, fn func(ctx context.Context, tx *pg.Tx) (T, error)) (T, error) {
	var zero, out T
	body, err := json.Marshal(in)
	if err != nil {
		return zero, fmt.Errorf("encode input of %s: %w", route, err)
	}
	seal, err := newSeal(who(ctx).Actor(), key)
	if err != nil {
		return zero, err
	}
	row := idempotencyRow{principal: who(ctx).Actor(), key: seal.id, route: route, requestHash: seal.hash(route, body)}
	err = s.deps.DB.InTx(ctx, func(tx *pg.Tx) error {
		first, err := claimIdempotency(ctx, tx, row)
		if err != nil {
			return err
		}
		if !first {
			out, err = replay[T](ctx, tx, row, seal)
			return err
		}
		if out, err = fn(ctx, tx); err != nil {
			return err
		}
		answer, err := json.Marshal(out)
		if err != nil {
			return fmt.Errorf("encode answer of %s: %w", route, err)
		}
		return keepAnswer(ctx, tx, row, seal.close(answer))
	})
	if err != nil {
		return zero, err
	}
	return out, nil
}

// replay reads the kept answer of a request that was made before.
func replay[T any](ctx context.Context, tx *pg.Tx, row idempotencyRow, seal seal) (T, error) {
	var out T
	kept, err := keptAnswer(ctx, tx, row)
	if err != nil {
		return out, err
	}
	if kept.route != row.route || !hmac.Equal(kept.requestHash, row.requestHash) {
		return out, errMismatch
	}
	answer, err := seal.open(kept.response)
	if err == nil {
		err = json.Unmarshal(answer, &out)
	}
	if err != nil {
		return out, fmt.Errorf("read kept answer of %s: %w", row.route, err)
	}
	return out, nil
}

// knownKey tells whether the person has used a key before, for work that is not done inside a command.
func (s *Server) knownKey(ctx context.Context, key string) (bool, error) {
	seal, err := newSeal(who(ctx).Actor(), key)
	if err != nil {
		return false, err
	}
	return hasIdempotency(ctx, s.deps.DB.Pool, who(ctx).Actor(), seal.id)
}

// seal keeps what belongs to one idempotency key of one person.
type seal struct {
	id     string // stands for the key in the database
	secret []byte
	aead   cipher.AEAD
}

func newSeal(principal, key string) (seal, error) {
	id := sha256.Sum256([]byte("id of idempotency key\n" + key))
	secret, err := hkdf.Key(sha256.New, []byte(key), nil, "idempotency of "+principal, 32)
	if err != nil {
		return seal{}, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return seal{}, fmt.Errorf("derive key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return seal{}, fmt.Errorf("derive key: %w", err)
	}
	return seal{id: hex.EncodeToString(id[:]), secret: secret, aead: aead}, nil
}

func (s seal) hash(route string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(mac, "%s\n", route)
	mac.Write(body)
	return mac.Sum(nil)
}

func (s seal) close(answer []byte) []byte { return s.aead.Seal(nil, nil, answer, nil) }

func (s seal) open(sealed []byte) ([]byte, error) {
	answer, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errors.New("sealed answer does not open")
	}
	return answer, nil
}
