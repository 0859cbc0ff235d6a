package zh

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// readings are words in which a character is not read as the dictionary's
// first reading says.
var readings = map[string]string{
	"重庆": "chong qing", "长子县": "zhang zi xian", "成长": "cheng zhang", "家长": "jia zhang", "店长": "dian zhang",
	"六安": "lu an", "六合": "lu he", "乐清": "yue qing", "音乐": "yin yue",
	"乐器": "yue qi", "蚌埠": "beng bu", "番禺": "pan yu", "铅山": "yan shan", "黄陂": "huang pi",
	"洪洞": "hong tong", "东阿": "dong e", "单县": "shan xian", "会计": "kuai ji",
	"会稽": "kuai ji", "尉犁": "yu li", "厦门": "xia men",
	"蔚县": "yu xian", "浚县": "xun xian", "涡阳": "guo yang",
	"商行": "shang hang", "银行": "yin hang",
	"粮行": "liang hang", "烟行": "yan hang", "酒行": "jiu hang", "茶行": "cha hang", "车行": "che hang", "米行": "mi hang",
	"发行": "fa hang", "营行": "ying hang", "易行": "yi hang", "总行": "zong hang", "支行": "zhi hang", "行业": "hang ye",
	"行家": "hang jia", "食行": "shi hang", "货行": "huo hang", "酒水行": "jiu shui hang", "重逢": "chong feng",
	"重阳": "chong yang", "重光": "chong guang", "重新": "chong xin", "便宜": "pian yi", "朝晖": "zhao hui", "朝霞": "zhao xia",
	"大夫": "dai fu", "单雄": "shan xiong", "宝藏": "bao zang", "西藏": "xi zang", "调料": "tiao liao",
	"调味": "tiao wei", "参茸": "shen rong", "人参": "ren shen",
	"海参": "hai shen", "盛满": "cheng man", "长": "chang", "都": "du", "仇": "qiu", "卜": "bu",
	"什": "shi", "曾": "zeng",
}

const longestReading = 3 // characters of the longest word of readings

var pinyinArgs = pinyin.NewArgs()

// Pinyin gives the pinyin of a folded text without tones and spaces, and its
// initials. Latin letters and digits stay as they are; a character without a
// known reading is left out.
func Pinyin(folded string) (full, initials string) {
	var f, in strings.Builder
	write := func(s string) {
		f.WriteString(s)
		if s != "" {
			in.WriteByte(s[0])
		}
	}
	runes := []rune(folded)
	for i := 0; i < len(runes); {
		if runes[i] < unicode.MaxASCII {
			f.WriteRune(runes[i])
			in.WriteRune(runes[i])
			i++
			continue
		}
		if n, reading := word(runes[i:]); n > 0 {
			for s := range strings.FieldsSeq(reading) {
				write(s)
			}
			i += n
			continue
		}
		write(syllable(runes[i]))
		i++
	}
	return f.String(), in.String()
}

// word is the longest entry of readings of at least two characters that runes
// starts with, and its length; 0 when there is none.
func word(runes []rune) (n int, reading string) {
	for n = min(longestReading, len(runes)); n > 1; n-- {
		if reading, ok := readings[string(runes[:n])]; ok {
			return n, reading
		}
	}
	return 0, ""
}
