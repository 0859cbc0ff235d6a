// Command addressmodel makes the two files that geo/address carries: the
// divisions of China, and the model that splits addresses.
//
//	addressmodel divisions cn-divisions.csv.gz > geo/address/divisions.txt.gz
//	addressmodel train cn-address-labelled.jsonl.gz > geo/address/model.bin.gz
//	addressmodel measure cn-address-labelled.jsonl.gz
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "addressmodel:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	commands := map[string]func(string, io.Writer) error{"divisions": writeDivisions, "train": train, "measure": measure}
	if len(args) != 2 || commands[args[0]] == nil {
		return fmt.Errorf("use: addressmodel divisions|train|measure FILE")
	}
	return commands[args[0]](args[1], out)
}
