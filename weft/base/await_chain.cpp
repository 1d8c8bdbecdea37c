// SPDX-License-Identifier: Apache-2.0
#include <weft/base/await_chain.hpp>

#include <source_location>
#include <string>

namespace weft {

std::string format_await_chain(const AwaitChain& chain) {
    std::string text;
    for (const std::source_location& where : chain) {
        text += std::string("  at ") + where.function_name() + " (" + where.file_name() + ":" +
                std::to_string(where.line()) + ")\n";
    }
    return text;
}

}  // namespace weft
