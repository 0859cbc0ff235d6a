package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type benchRegisterCmd struct {
	Rows    int    `default:"1000000" help:"Licences of the list."`
	Changed int    `default:"2" help:"Of a hundred licences, those that differ in the list of the next month; as many are new, and half as many gone."`
	Kills   int    `default:"0" help:"Also import each list in processes that are ended with SIGKILL so many times on the way, and compare."`
	DataDir string `help:"Folder for the database of the bench, which is removed afterwards." type:"path" name:"scratch"`
}

type registerFigures struct {
	Rows     int             `json:"rows"`
	Bytes    int64           `json:"bytes"`
	First    importFigures   `json:"first"` // into an empty register
	Again    importFigures   `json:"again"` // the same list
	Next     importFigures   `json:"next"`  // that of the next month
	Stored   int64           `json:"stored_bytes"`
	PeakMB   int             `json:"peak_memory_mb"` // of the importing process
	Kills    []killedFigures `json:"kills,omitempty"`
	Recovers bool            `json:"recovers,omitempty"` // with kills, that the register is the same as without
}

type importFigures struct {
	Seconds   float64 `json:"seconds"`
	RowsPerS  float64 `json:"rows_per_s"`
	Inserted  int     `json:"inserted"`
	Updated   int     `json:"updated"`
	Unchanged int     `json:"unchanged"`
	Closed    int     `json:"closed"`
	Refused   int     `json:"refused"`
}

type killedFigures struct {
	State  string `json:"state"` // of the delivery when it was killed
	Staged int    `json:"staged"`
	Parts  int    `json:"parts"`
}

// Run imports a list of made-up licences into a database of its own, the same list again, and the next month's.
func (b *benchRegisterCmd) Run(ctx context.Context, cfg *app.Config) (err error) {
	own, err := newScratch(cfg, b.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.remove()) }()
	first, next := own.path("first.csv"), own.path("next.csv")
	if err := errors.Join(writeRegister(first, b.Rows, 0), writeRegister(next, b.Rows, b.Changed)); err != nil {
		return err
	}
	f := registerFigures{Rows: b.Rows}
	var want, got string
	err = own.database(ctx, "whole", func(ctx context.Context, db *pg.DB, _ string) (err error) {
		want, err = b.measure(ctx, db, first, next, &f)
		return err
	})
	if err == nil && b.Kills > 0 {
		err = own.database(ctx, "killed", func(ctx context.Context, db *pg.DB, url string) (err error) {
			got, err = b.recover(ctx, db, url, first, next, &f)
			return err
		})
		if f.Recovers = err == nil && got == want; !f.Recovers {
			err = errors.Join(err, fmt.Errorf("the register is %s after kills and %s without", got, want))
		}
	}
	return errors.Join(err, printFigures(f))
}

// measure imports the lists and says what the register is like at the end.
func (b *benchRegisterCmd) measure(ctx context.Context, db *pg.DB, first, next string, f *registerFigures) (string, error) {
	info, err := os.Stat(first)
	if err != nil {
		return "", err
	}
	f.Bytes = info.Size()
	for _, run := range []struct {
		path string
		into *importFigures
	}{{first, &f.First}, {first, &f.Again}, {next, &f.Next}} {
		if *run.into, err = timeImport(ctx, db, run.path); err != nil {
			return "", err
		}
	}
	f.PeakMB = peakMemory() >> 20
	if f.Stored, err = retailer.StoredBytes(ctx, db.Pool); err != nil {
		return "", err
	}
	if f.First.Inserted != b.Rows || f.Again.Unchanged != b.Rows {
		return "", errors.New("not every row is accounted for")
	}
	return retailer.Fingerprint(ctx, db.Pool)
}

// recover imports the lists in processes that are killed, and says what the register is like at the end.
func (b *benchRegisterCmd) recover(ctx context.Context, db *pg.DB, url, first, next string, f *registerFigures) (string, error) {
	for _, list := range []string{first, next} {
		killed, err := importKilled(ctx, db, url, list, b.Kills)
		f.Kills = append(f.Kills, killed...)
		if err != nil {
			return "", err
		}
	}
	return retailer.Fingerprint(ctx, db.Pool)
}

func timeImport(ctx context.Context, db *pg.DB, path string) (importFigures, error) {
	file, err := os.Open(path)
	if err != nil {
		return importFigures{}, err
	}
	defer file.Close()
	begin := time.Now()
	r, err := retailer.Import(ctx, db, file, retailer.ImportOptions{
		Profile: retailer.Profile{Source: "bench", Datum: "GCJ02"}, Confirm: true, File: filepath.Base(path),
	})
	s := time.Since(begin).Seconds()
	return importFigures{
		Seconds: s, RowsPerS: float64(r.Rows) / s, Inserted: r.Inserted, Updated: r.Updated,
		Unchanged: r.Unchanged, Closed: r.Closed, Refused: r.Refused,
	}, err
}

// importKilled imports a list by the command, kills it whenever it has come a further part of the way, and lets the
// last run end.
func importKilled(ctx context.Context, db *pg.DB, url, path string, kills int) (out []killedFigures, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	before := int64(0)
	if list, err := retailer.Deliveries(ctx, db.Pool, 1); err != nil {
		return nil, err
	} else if len(list) > 0 {
		before = list[0].ID
	}
	for n := range kills + 1 {
		command := exec.CommandContext(ctx, program, "import", "retailers", path, "--source", "bench", "--datum", "GCJ02", "--confirm",
			"--database-url", url)
		command.Stderr = os.Stderr
		if n == kills {
			return out, command.Run()
		}
		if err := command.Start(); err != nil {
			return out, err
		}
		d, err := waitForProgress(ctx, db, before, (float64(n)+0.5)/float64(kills))
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()         // killed
		if err != nil {
			return out, err
		}
		out = append(out, killedFigures{State: string(d.State), Staged: d.Staged, Parts: d.PartsDone})
	}
	return out, nil
}

// waitForProgress waits until the newest delivery after before has come a share of its way: half of it is reading.
func waitForProgress(ctx context.Context, db *pg.DB, before int64, share float64) (retailer.Delivery, error) {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for {
		list, err := retailer.Deliveries(ctx, db.Pool, 1)
		if err != nil {
			return retailer.Delivery{}, err
		}
		if len(list) > 0 && list[0].ID > before {
			d := list[0]
			way := 0.5 * float64(d.BytesRead) / float64(max(d.Bytes, 1))
			if d.Parts > 0 {
				way = 0.5 + 0.5*float64(d.PartsDone)/float64(d.Parts)
			}
			if way >= share || d.State == retailer.Done {
				return d, nil
			}
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return retailer.Delivery{}, ctx.Err()
		}
	}
}

// peakMemory is the most memory that this process has had, in bytes; 0 where the system does not say.
func peakMemory() int { return processMemory("VmHWM") }

// processMemory is a figure of the system on the memory of this process, in bytes: VmHWM is the most that it has had,
// VmRSS what it has; 0 where the system does not say.
func processMemory(figure string) int {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var kb int
		if _, err := fmt.Sscanf(lines.Text(), figure+": %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	return 0
}

// writeRegister writes a list of n licences as a county after the other would deliver it: full records, points in
// GCJ-02. In the next month changed of a hundred have another tier, state or place, as many are new, half as many gone.
func writeRegister(path string, n, changed int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	w.WriteString("许可证号,企业名称,负责人,经营地址,联系电话,零售业态,许可证状态,有效期起,有效期止,经度,纬度," +
		"行政区划代码,统一社会信用代码,档位,市场类型,市管员,送货线路,供货单位\n")
	random, next := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(2, 2))
	for i := range n + n*changed/100 {
		s := drawShop(random, i)
		if changed > 0 {
			switch at := next.IntN(200); {
			case at < changed && i < n:
				continue
			case at < 3*changed:
				s.tier, s.lon = s.tier%30+1, s.lon+0.001
			}
		} else if i >= n {
			break
		}
		s.write(w)
	}
	return errors.Join(w.Flush(), file.Close())
}

// shop is one made-up row.
type shop struct {
	number, county, tier, house int
	name, operator, street      string
	form, status                string
	lon, lat                    float64
	year, phone                 int
}

const shopCharacters = "红塔福兴隆华顺达鑫源宏运金山海天城东方春永昌荣和瑞祥广益百家乐万友信诚明星光玉龙凤翔云鹏德泰丰盛恒通美佳新世纪平安吉利宝来喜旺财富康宁清溪桥头江湖滨文"

func drawShop(r *rand.Rand, i int) shop {
	letters := []rune(shopCharacters)
	word := func(n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return string(out)
	}
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[r.IntN(len(list))]
	}
	county := i / 2200 // licences of a county, on the average of the country
	return shop{
		number: i % 2200, county: county, tier: 1 + r.IntN(30), house: 1 + r.IntN(400),
		name:     word(2+r.IntN(2)) + pick("烟酒店 商行 超市 便利店 小卖部 副食店 商店 百货 烟酒商行 生活超市 综合店 经营部"),
		operator: pick("王 李 张 刘 陈 杨 黄 周 吴 徐 孙 朱 马 胡 郭 林 何 高 罗 郑") + word(1+r.IntN(2)),
		street:   word(2) + pick("大道 路 东路 西路 街 巷 南路 北街 中路"),
		form:     pick("食杂店 食杂店 食杂店 便利店 超市 烟酒商店 商场 娱乐服务类 其他"),
		status:   pick("有效 有效 有效 有效 有效 有效 有效 停业 歇业"),
		lon:      98 + float64(county%60)*0.4 + r.NormFloat64()*0.05, lat: 22 + float64(county/60%45)*0.45 + r.NormFloat64()*0.04,
		year: 2022 + r.IntN(4), phone: r.IntN(10_000),
	}
}

func (s shop) write(w *bufio.Writer) {
	area := 110_000 + s.county%5_000*100 + s.county/5_000 + 101
	fmt.Fprintf(w, "%06d1%05d,%s,%s,%d号镇%s%d号,1380000%04d,%s,%s,%d-03-01,%d-02-28,%.6f,%.6f,%06d,92%06dMA%08d,%d,%s,%d,%d号线,第%d烟草公司\n",
		area, s.number, s.name, s.operator, s.county%30, s.street, s.house, s.phone, s.form, s.status, s.year, s.year+5, s.lon, s.lat,
		area, area, s.number, s.tier, []string{"城镇", "乡村"}[s.tier%2], 1000+s.number/150, s.number/100, s.county/100)
}
