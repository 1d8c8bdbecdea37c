// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/input_text.cpp - what an error shows of the text: from the tape back to JSON.
#include <cstddef>
#include <string>

#include <weft/json/internal/output.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {
namespace {

class InputWriter {
public:
    InputWriter(const Tape& tape, std::string& out, std::size_t bytes_max)
        : tape_(tape), out_(out), bytes_max_(bytes_max) {}

    // Returns: false where there is too much, perhaps before all is written.
    bool write(Place at) {
        switch (tag(at)) {
            case '{':
                return write_items(at, '}', true);
            case '[':
                return write_items(at, ']', false);
            default:
                if (tag(at) == '"' && tape_.text(at).size() > bytes_max_) return false;
                write_scalar(at);
                return out_.size() <= bytes_max_;
        }
    }

    bool finish() {
        out_.finish();
        return true;
    }

private:
    bool write_items(Place at, char closing, bool has_names) {
        const Place end = tape_.after(at) - 1;
        out_.put(tag(at));
        bool is_name = has_names;
        for (Place item = at + 1; item != end; item = tape_.after(item)) {
            if (!write(item)) return false;
            out_.put(is_name ? ':' : ',');
            is_name = has_names && !is_name;
        }
        if (end != at + 1) out_.unput();
        out_.put(closing);
        return out_.size() <= bytes_max_;
    }

    void write_scalar(Place at) {
        switch (tag(at)) {
            case '"':
                return out_.put_string(tape_.text(at));
            case 'l':
                return out_.put_integer(signed_at(at));
            case 'u':
                return out_.put_integer(unsigned_at(at));
            case 'd':
                return out_.put_double(double_at(at));
            case 'Z':
                return out_.put_text(tape_.text(at));
            case 't':
                return out_.put_text("true");
            case 'f':
                return out_.put_text("false");
            default:
                return out_.put_text("null");
        }
    }

    const Tape& tape_;
    Output out_;
    const std::size_t bytes_max_;
};

}  // namespace

bool append_input(const Tape& tape, Place at, std::size_t bytes_max, std::string& out) {
    InputWriter writer(tape, out, bytes_max);
    return writer.write(at) && writer.finish();
}

}  // namespace weft::json::internal
