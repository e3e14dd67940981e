// SQLite's C API with as little around it as can be: what a store is measured
// beside. One thread. Throws std::runtime_error.
#ifndef LB_TESTS_BENCH_STORE_BARE_DATABASE_H_
#define LB_TESTS_BENCH_STORE_BARE_DATABASE_H_

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace lb::bench {

struct Blob {
  std::string_view bytes;
};

// An INSERT that is prepared once. Texts and blobs are not copied.
class BareInsert {
 public:
  template <class... Values>
  void Run(const Values&... values) {
    int parameter = 0;
    (Bind(++parameter, values), ...);
    Step();
  }

 private:
  friend class BareDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit BareInsert(sqlite3_stmt* statement) : statement_(statement) {}
  template <std::integral Number>
  void Bind(int parameter, Number value) {
    BindNumber(parameter, static_cast<std::int64_t>(value));
  }
  void BindNumber(int parameter, std::int64_t value);
  void Bind(int parameter, double value);
  void Bind(int parameter, std::string_view text);
  void Bind(int parameter, Blob blob);
  void Step();

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

class BareDatabase {
 public:
  // A file that a store made and closed, with the store's pragmas;
  // `synchronous` is FULL or NORMAL.
  BareDatabase(const std::string& path, const std::string& synchronous);

  void Execute(const std::string& sql);
  BareInsert Prepare(std::string_view sql);
  std::int64_t last_row_id() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_STORE_BARE_DATABASE_H_
