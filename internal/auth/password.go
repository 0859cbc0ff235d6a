package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// Cost is the work of one argon2id hash.
type Cost struct {
	MemoryKiB uint32
	Rounds    uint32
	Threads   uint8
}

// DefaultCost is that of a server: 64 MiB, one round, one thread; about 0.2 s.
func DefaultCost() Cost { return Cost{MemoryKiB: 64 * 1024, Rounds: 1, Threads: 1} }

// Passwords hashes and compares passwords. It is safe for concurrent use; at
// most as many hashes as NewPasswords was told are computed at a time, further
// callers wait.
type Passwords struct {
	params argon2id.Params
	slots  chan struct{}
	decoy  string // hash that stands in for an unknown login
}

// NewPasswords makes a hasher that computes at most parallel hashes at a time,
// each of which takes cost.MemoryKiB of memory. The zero Cost means
// DefaultCost; parallel below 1 means 1.
func NewPasswords(cost Cost, parallel int) (*Passwords, error) {
	if cost == (Cost{}) {
		cost = DefaultCost()
	}
	params := argon2id.Params{
		Memory: cost.MemoryKiB, Iterations: cost.Rounds, Parallelism: cost.Threads,
		SaltLength: 16, KeyLength: 32,
	}
	decoy, err := argon2id.CreateHash(rand.Text(), &params)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	return &Passwords{params: params, slots: make(chan struct{}, max(parallel, 1)), decoy: decoy}, nil
}

// Hash returns the argon2id hash of a password in the usual encoded form, with
// a fresh salt.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	hash, err := argon2id.CreateHash(password, &p.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches compares a password with a hash from Hash. An empty hash, for a login
// that does not exist, costs the same work and never matches.
func (p *Passwords) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	known := hash != ""
	if !known {
		hash = p.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match && known, nil
}

func (p *Passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a password hash: %w", ctx.Err())
	}
}

func (p *Passwords) leave() { <-p.slots }

// NewSecret makes a one-time password: 26 letters and digits, 130 random bits.
func NewSecret() string { return rand.Text() }

// The bounds of a password that a person chooses.
const (
	MinPasswordChars = 10
	MaxPasswordBytes = 1024
)

// Why a new password is refused, by CheckPassword or, the last one, by
// Sessions.ChangePassword. They are matched with errors.Is.
var (
	ErrPasswordShort   = errors.New("password has fewer than 10 characters")
	ErrPasswordLong    = errors.New("password has more than 1024 bytes")
	ErrPasswordContext = errors.New("password contains the login, a name or a word of the trade")
	ErrPasswordCommon  = errors.New("password is one of the most common ones")
	ErrPasswordSame    = errors.New("password is the old one")
)

// CheckPassword says whether a person may choose a password: 10 characters or
// more of any kind, none of the known-bad ones, and without a word that belongs
// to the person or to the trade. names are the words of the person: login,
// name, organisation; those shorter than 3 letters (2 Han characters) are
// ignored. Case does not matter. There are no composition rules.
func CheckPassword(password string, names ...string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPasswordChars:
		return ErrPasswordShort
	case len(password) > MaxPasswordBytes:
		return ErrPasswordLong
	}
	low := strings.ToLower(password)
	for _, word := range slices.Concat(tradeWords(), names) {
		word = strings.ToLower(strings.TrimSpace(word))
		if utf8.RuneCountInString(word) < 2 || len(word) < 3 {
			continue
		}
		if strings.Contains(low, word) {
			return ErrPasswordContext
		}
	}
	if slices.Contains(commonPasswords(), low) || repeats(low) {
		return ErrPasswordCommon
	}
	return nil
}

// repeats tells whether s is made of three different characters or fewer, or of
// one piece of at most four characters again and again ("abcdabcdabcd").
func repeats(s string) bool {
	runes := []rune(s)
	different := slices.Compact(slices.Sorted(slices.Values(runes)))
	if len(different) <= 3 {
		return true
	}
	for size := 1; size <= 4; size++ {
		same := true
		for i := size; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-size]
		}
		if same {
			return true
		}
	}
	return false
}

// tradeWords are words that everybody in the trade would try first.
func tradeWords() []string {
	return []string{"12313", "12345678", "烟草", "专卖", "yancao", "zhuanmai", "tobacco", "jiujin", "就近"}
}

// commonPasswords are the most used passwords of ten characters and more, in
// lower case. Shorter ones are refused by their length; those with 12345678 in
// them and plain repetitions by the other rules.
func commonPasswords() []string {
	return []string{
		"0987654321", "9876543210", "1029384756", "0123456789", "0147258369", "1472583690", "1q2w3e4r5t", "1q2w3e4r5t6y",
		"1qaz2wsx3edc", "1qazxsw23edc", "1qaz@wsx3edc", "q1w2e3r4t5", "q1w2e3r4t5y6", "qwertyuiop", "qwertyuiop[]", "qwerty1234",
		"qwerty12345", "qwerty123456", "qwer1234qwer", "qazwsxedcrfv", "qazwsx1234", "qazwsxedc123", "asdfghjkl;", "asdfghjkl1",
		"zxcvbnm123", "zxcvbnm,./", "password12", "password123", "password1234", "p@ssw0rd123", "passw0rd123", "password01",
		"administrator", "admin12345", "admin123456", "adminadmin", "admin@123456", "root123456", "letmein123", "iloveyou12",
		"woaini1314", "woaini1314520", "woaini520520", "5201314520", "5201314woaini", "1314520520", "a123456789", "aa123456789",
		"abc123456789", "abcd123456", "abc1234567", "abcdefghij", "abcdefghijk", "abcd1234abcd", "a1b2c3d4e5", "a1b2c3d4e5f6",
		"147258369a", "asd123456789", "qq123456789", "wang123456", "zhang123456", "li123456789", "changeme123", "welcome123",
		"welcome1234", "zaq12wsxcde3", "zaq1xsw2cde3", "computer123", "football123", "sunshine123", "princess123", "superman123",
		"1234qwerasdf", "123qweasdzxc", "qweasdzxc123", "123456789a", "123456qwerty", "1234554321", "1122334455", "1223334444",
		"1357924680", "2468013579", "3141592653", "3141592654", "woaizhongguo", "zhongguo123", "wodemima123", "mima123456",
	}
}
