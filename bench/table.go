package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

// table is printed by Flush, in columns, when all its rows are there.
type table struct{ *tabwriter.Writer }

func newTable() table {
	return table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
}

// row adds a row; each of its cells ends with a tab.
func (t table) row(form string, cells ...any) { _, _ = fmt.Fprintf(t, form+"\n", cells...) }
