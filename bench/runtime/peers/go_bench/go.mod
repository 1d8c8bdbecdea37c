module weft/bench/go_bench

go 1.22
