package main

import (
	"strings"
	"testing"
)

func TestAddressLines(t *testing.T) {
	var out strings.Builder
	in := `{"text":"湖北省武穴市梅川大道163号"}` + "\n" + `nonsense` + "\n" + `{"text":"鼓楼区","area":"320100"}`
	if err := addressLines(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%q", lines)
	}
	want := `{"spans":[["prov",0,3,"湖北省"],["district",3,6,"武穴市"],["road",6,10,"梅川大道"],["roadno",10,14,"163号"]],` +
		`"divisions":[{"code":"420000","name":"湖北省"},{"code":"421182","name":"武穴市"}]}`
	if lines[0] != want {
		t.Errorf("got %s, want %s", lines[0], want)
	}
	if !strings.HasPrefix(lines[1], `{"error":"not a line like`) {
		t.Error(lines[1])
	}
	if !strings.Contains(lines[2], `"320106"`) {
		t.Error(lines[2])
	}
}
