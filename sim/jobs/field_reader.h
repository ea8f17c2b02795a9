// Reads JSON into variables: each field is named once with where its value goes, and whatever is
// wrong is told with its line and column, and an example. // comments are allowed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace timerose::sim::jobs {

class FieldReader {
 public:
  using Given = std::variant<std::nullptr_t, bool, double, std::string>;
  // Takes the value; else says what was expected.
  using Take = std::function<std::string(const Given&)>;

  // The variables must outlive read(). A path is names with dots between.
  void text(const std::string& path, std::string& out);
  void flag(const std::string& path, bool& out);
  void real(const std::string& path, double& out);   // 0 or more
  void share(const std::string& path, double& out);  // from 0 to 1
  void count(const std::string& path, uint64_t& out, uint64_t least, uint64_t most);
  void bytes(const std::string& path, uint64_t& out);  // 4096 or "4KiB"
  void span(const std::string& path, uint64_t& out);   // milliseconds from "30s", or seconds
  void word(const std::string& path, std::function<bool(std::string_view)> take,
            std::string expected);

  // A list of objects, which replaces what `out` holds.
  template <typename T>
  class List {
   public:
    List(FieldReader& reader, std::string path, std::vector<T>& out)
        : reader_(reader), path_(std::move(path) + "[]."), out_(out) {}
    void text(const std::string& name, std::string T::* field) const {
      add(name, field, [](auto& to, const std::string& path, auto& out) { to.text(path, out); });
    }
    void real(const std::string& name, double T::* field) const {
      add(name, field, [](auto& to, const std::string& path, auto& out) { to.real(path, out); });
    }
    void share(const std::string& name, double T::* field) const {
      add(name, field, [](auto& to, const std::string& path, auto& out) { to.share(path, out); });
    }
    void bytes(const std::string& name, uint64_t T::* field) const {
      add(name, field, [](auto& to, const std::string& path, auto& out) { to.bytes(path, out); });
    }
    void span(const std::string& name, uint64_t T::* field) const {
      add(name, field, [](auto& to, const std::string& path, auto& out) { to.span(path, out); });
    }
    void count(const std::string& name, uint64_t T::* field, uint64_t least, uint64_t most) const {
      add(name, field,
          [=](auto& to, const std::string& path, auto& out) { to.count(path, out, least, most); });
    }

   private:
    // Which element is meant is known only when the value comes.
    template <typename Value, typename Register>
    void add(const std::string& name, Value T::* field, Register bind) const {
      reader_.takes_[path_ + name] = [&list = out_, field, bind](const Given& given) {
        FieldReader one;
        bind(one, "", list.back().*field);
        return one.takes_.at("")(given);
      };
    }
    FieldReader& reader_;
    std::string path_;
    std::vector<T>& out_;
  };
  template <typename T>
  List<T> list(const std::string& path, std::vector<T>& out) {
    lists_[path] = {[&out] { out.clear(); }, [&out] { out.emplace_back(); }};
    return List<T>(*this, path, out);
  }

  // kMalformed: "line 7, column 5: there is no field faults.los; known are ...", then the line.
  Status read(std::string_view json) const;

 private:
  friend class FieldParser;
  struct ListOf {
    std::function<void()> begin;
    std::function<void()> add;
  };
  std::map<std::string, Take> takes_;
  std::map<std::string, ListOf> lists_;
};

}  // namespace timerose::sim::jobs
