package tracking

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestNameIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index, oracle := newNameIndex(), make(map[Name]*entered)
		names := make([]Name, 400)
		for i := range names {
			names[i] = Name{[]string{"http", "jt808"}[i%2], fmt.Sprintf("v%d", i/2)}
		}
		for step := range rapid.IntRange(1, 600).Draw(t, "steps") {
			name := names[rapid.IntRange(0, len(names)-1).Draw(t, "name")]
			if e := oracle[name]; e != nil && rapid.Bool().Draw(t, "drop") {
				index.drop(name, &entered{}) // somebody else's: nothing happens
				index.drop(name, e)
				delete(oracle, name)
				continue
			}
			e := &entered{registered: registered{names: []Name{{"gt06", fmt.Sprint(step)}, name}}}
			index.put(name, e)
			oracle[name] = e
		}
		for _, protocol := range []string{"http", "jt808", "gt06"} {
			idents, found := make([][]byte, len(names)), make([]*entered, len(names))
			for i, name := range names {
				idents[i] = []byte(name.Ident)
			}
			index.findAll(protocol, idents, found)
			for i, name := range names {
				want := oracle[Name{protocol, name.Ident}]
				if one := index.find(Name{protocol, name.Ident}); found[i] != want || one != want {
					t.Fatalf("%s %s: %p and %p, want %p", protocol, name.Ident, found[i], one, want)
				}
			}
		}
	})
}
