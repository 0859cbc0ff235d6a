package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jiujin/internal/auth"
)

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		password string
		want     error
	}{
		{"kq7 harbour wind", nil},
		{"十个汉字的密码也可以用", nil},
		{strings.Repeat("long and dull ", 20), nil},
		{"ninechars", auth.ErrPasswordShort},
		{"九个汉字不够十个字", auth.ErrPasswordShort},
		{strings.Repeat("x y ", 300), auth.ErrPasswordLong},
		{"call12313now", auth.ErrPasswordContext},
		{"我爱烟草专卖局工作", auth.ErrPasswordShort},
		{"我非常爱烟草专卖局工作", auth.ErrPasswordContext},
		{"YanCao-rules-all", auth.ErrPasswordContext},
		{"my name is WangWei", auth.ErrPasswordContext},
		{"云溪县局的密码就是它", auth.ErrPasswordContext},
		{"Password1234", auth.ErrPasswordCommon},
		{"woaini1314520", auth.ErrPasswordCommon},
		{"aaaaaaaaaabbb", auth.ErrPasswordCommon},
		{"wxyzwxyzwxyz", auth.ErrPasswordCommon},
	} {
		if err := auth.CheckPassword(c.password, "wangwei", "王伟", "云溪县局", "x"); !errors.Is(err, c.want) {
			t.Errorf("CheckPassword(%.20q) = %v, want %v", c.password, err, c.want)
		}
	}
}

func TestPasswordsMatchOnlyTheirHash(t *testing.T) {
	ctx := t.Context()
	p := cheapPasswords(t)
	hash, err := p.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if hash == again {
		t.Error("two hashes of one password are equal: no salt")
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{
		{"correct horse", hash, true},
		{"correct horse", again, true},
		{"Correct horse", hash, false},
		{"", hash, false},
		{"correct horse", "", false},
		{"", "", false},
	} {
		got, err := p.Matches(ctx, c.password, c.hash)
		if err != nil || got != c.want {
			t.Errorf("Matches(%q) = %v, %v; want %v", c.password, got, err, c.want)
		}
	}
}

// A login that does not exist must cost what a real one costs; a tenth is far
// beyond noise, an early return would be thousands of times faster.
func TestUnknownLoginCostsTheSameWork(t *testing.T) {
	ctx := t.Context()
	p, err := auth.NewPasswords(auth.Cost{MemoryKiB: 16 * 1024, Rounds: 2, Threads: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := p.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	fastest := func(hash string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if _, err := p.Matches(ctx, "wrong horse", hash); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	if known, unknown := fastest(hash), fastest(""); unknown*10 < known {
		t.Errorf("unknown login answered in %s, known in %s", unknown, known)
	}
}

func TestPasswordsStopWaitingWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := cheapPasswords(t)
	refused := 0
	for range 50 { // a free slot and an ended context are picked at random
		if _, err := p.Hash(ctx, "x"); errors.Is(err, context.Canceled) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("50 hashes under an ended context all ran")
	}
}
