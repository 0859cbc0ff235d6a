package httpapi

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/nacl/secretbox"

	"jiujin/internal/auth"
)

// A device that is registered with a passphrase may encrypt, and one that could not be found is not registered.
func TestRegisterDevice(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, string(auth.Administrator), password)
	calls := 0
	register := func(body string) answer {
		calls++
		return v.call(t, "POST", fmt.Sprintf("/api/v1/units/%d/devices", v.unit), body, "Cookie", admin, "Idempotency-Key", fmt.Sprintf("a key for device no %05d", calls))
	}
	var d newDevice
	register(`{"label":"phone","kind":"owntracks","passphrase":"a long passphrase"}`).into(t, 201, &d)
	var key [32]byte
	copy(key[:], "a long passphrase")
	nonce := [24]byte{1, 2, 3}
	sealed := base64.StdEncoding.EncodeToString(secretbox.Seal(nonce[:], []byte(ownTracksAt(-10)), &nonce, &key))
	a := v.call(t, "POST", "/in/owntracks/"+d.Key, fmt.Sprintf(`{"_type":"encrypted","data":%q}`, sealed))
	if a.status != 200 || v.stored(t) != 1 {
		t.Errorf("%d %s; %d stored", a.status, a.body, v.stored(t))
	}
	register(`{"label":"terminal","kind":"jt808","names":[{"protocol":"jt808","ident":"013800138000"}]}`).into(t, 201, &d)
	if n := v.count(t, `select count(*) from device_name where protocol = 'jt808' and ident = '13800138000'`); n != 1 {
		t.Errorf("the phone is not kept without its zero")
	}
	register(`{"label":"terminal","kind":"jt808"}`).want(t, 422, "validation")
	register(`{"label":"terminal","kind":"jt808","names":[{"protocol":"JT808","ident":"13900139000"}]}`).want(t, 422, "validation")
	register(`{"label":"tracker","kind":"gt06","names":[{"protocol":"gt06","ident":"none"}]}`).want(t, 422, "validation")
	register(fmt.Sprintf(`{"label":"phone","kind":"owntracks","passphrase":%q}`, strings.Repeat("x", 33))).want(t, 422, "validation")
}
