// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/descriptor_names.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::internal {
namespace {

constexpr std::string_view socket_prefix = "socket:[";

// "0100007F:1F90" is "127.0.0.1:8080": the address in words of the machine's order, the port as a
// number. Empty for what is no address, and for one that says nothing.
std::string address_of(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon != 8 && colon != 32) return "";
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < colon / 8; ++i) {
        const char* at = text.data() + 8 * i;
        if (std::from_chars(at, at + 8, words[i], 16).ec != std::errc()) return "";
    }
    unsigned port = 0;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port, 16);
    std::array<char, INET6_ADDRSTRLEN> name{};
    const bool is_ipv6 = colon == 32;
    inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, words.data(), name.data(), name.size());
    const std::string host = is_ipv6 ? "[" + std::string(name.data()) + "]" : name.data();
    return host + ":" + std::to_string(port);
}

// A line of /proc/net/tcp, udp and their like: number, own address, peer, …, inode as the tenth.
void read_internet_sockets(const std::string& path,
                           std::unordered_map<std::uint64_t, std::string>& sockets) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);  // what the columns are called
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string own;
        std::string peer;
        std::string skipped;
        std::uint64_t inode = 0;
        fields >> skipped >> own >> peer;
        for (int i = 0; i < 6; ++i) fields >> skipped;
        if (!(fields >> inode) || inode == 0) continue;
        std::string name = address_of(own);
        if (!peer.ends_with(":0000")) name += "->" + address_of(peer);
        sockets.emplace(inode, std::move(name));
    }
}

// A line of /proc/net/unix: …, inode as the seventh, and its path where it has one.
void read_unix_sockets(const std::string& path,
                       std::unordered_map<std::uint64_t, std::string>& sockets) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string skipped;
        std::uint64_t inode = 0;
        for (int i = 0; i < 6; ++i) fields >> skipped;
        if (!(fields >> inode)) continue;
        std::string name;
        std::getline(fields >> std::ws, name);
        sockets.emplace(inode, name.empty() ? "unix socket" : name);
    }
}

// As the tables of another process have it: an abstract name begins with an '@'.
std::string path_of(const sockaddr_un& address, socklen_t length) {
    const std::size_t bytes = length - offsetof(sockaddr_un, sun_path);
    if (length <= offsetof(sockaddr_un, sun_path)) return "unix socket";
    const char* path = address.sun_path;
    if (path[0] == '\0') return "@" + std::string(path + 1, bytes - 1);
    return {path, ::strnlen(path, bytes)};
}

std::string address_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> name{};
    if (address.ss_family == AF_INET) {
        const auto& ip = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &ip.sin_addr, name.data(), name.size());
        return std::string(name.data()) + ":" + std::to_string(ntohs(ip.sin_port));
    }
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &ip.sin6_addr, name.data(), name.size());
    return "[" + std::string(name.data()) + "]:" + std::to_string(ntohs(ip.sin6_port));
}

std::string own_socket(int fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return "a socket";
    if (address.ss_family == AF_UNIX) {
        return path_of(reinterpret_cast<const sockaddr_un&>(address), length);
    }
    if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return "a socket";
    const std::string name = address_of(address);
    length = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return name;
    return name + "->" + address_of(address);
}

// Of a pidfd: "Pid:" and a number, which is -1 once the process has ended, and 0 for one of another
// namespace.
std::string process_of(const std::string& fdinfo) {
    std::ifstream file(fdinfo);
    std::string word;
    int pid = 0;
    while (file >> word) {
        if (word != "Pid:" || !(file >> pid)) continue;
        if (pid < 0) return "a process that has ended";
        if (pid > 0) return "process " + std::to_string(pid);
    }
    return "a process";
}

}  // namespace

DescriptorNames::DescriptorNames() : folder_("/proc/self/"), is_own_(true) {}

DescriptorNames::DescriptorNames(int pid) : folder_("/proc/" + std::to_string(pid) + "/") {}

void DescriptorNames::read_sockets() {
    if (std::exchange(has_sockets_, true)) return;
    for (const char* table : {"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"}) {
        read_internet_sockets(folder_ + "net/" + table, sockets_);
    }
    read_unix_sockets(folder_ + "net/unix", sockets_);
}

std::string DescriptorNames::of(int descriptor) {
    std::string name = raw_name_of(descriptor);
    for (char& c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return name;
}

std::string DescriptorNames::raw_name_of(int descriptor) {
    const std::string number = std::to_string(descriptor);
    std::array<char, 4096> text{};
    const ssize_t length =
        descriptor < 0 ? -1
                       : ::readlink((folder_ + "fd/" + number).c_str(), text.data(), text.size());
    if (length < 0) return "";
    const std::string_view name(text.data(), static_cast<std::size_t>(length));
    if (name == "anon_inode:[pidfd]") return process_of(folder_ + "fdinfo/" + number);
    if (!name.starts_with(socket_prefix)) return std::string(name);
    if (is_own_) return own_socket(descriptor);
    read_sockets();
    std::uint64_t inode = 0;
    std::from_chars(name.data() + socket_prefix.size(), name.data() + name.size(), inode);
    const auto at = sockets_.find(inode);
    return at == sockets_.end() ? "a socket" : at->second;
}

}  // namespace weft::internal
