module weft/bench/go_spawn

go 1.22
