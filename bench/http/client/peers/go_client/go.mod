module weft/bench/go_client

go 1.22
