// SPDX-License-Identifier: Apache-2.0

// The echo server of the I/O benchmarks in Go; see bench/README.md for the contract.
//
// usage: go_echo PORT
package main

import (
	"log"
	"net"
	"os"
	"runtime"
	"time"
)

// A net.Conn of TCP has TCP_NODELAY set.
func echo(conn net.Conn) {
	defer conn.Close()
	data := make([]byte, 64*1024)
	for {
		count, err := conn.Read(data)
		if err != nil {
			return
		}
		if data[0] == 'S' {
			time.Sleep(10 * time.Millisecond)
		}
		if _, err := conn.Write(data[:count]); err != nil {
			return
		}
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(conn)
	}
}
